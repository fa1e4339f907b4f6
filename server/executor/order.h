// What a worker is told to do.

#ifndef SPOOL_SERVER_EXECUTOR_ORDER_H_
#define SPOOL_SERVER_EXECUTOR_ORDER_H_

#include "absl/strings/string_view.h"
#include "server/executor/limits.h"
#include "server/files/media_files.h"
#include "server/worker/protocol/worker.pb.h"
#include "spool/v1/job.pb.h"

namespace spool::executor {

// Runs the job.
worker::Order RunOrder(const v1::Job& job, int threads, const AttemptLimits& limits, const files::MediaFiles& files);

// Says how the job would be run.
worker::Order PlanOrder(const v1::Job& job, const AttemptLimits& limits, const files::MediaFiles& files);

// Says what the file holds.
worker::Order ProbeOrder(absl::string_view input, const AttemptLimits& limits, const files::MediaFiles& files);

}  // namespace spool::executor

#endif  // SPOOL_SERVER_EXECUTOR_ORDER_H_

// Looks at an input in a worker, and makes nothing.

#ifndef SPOOL_SERVER_EXECUTOR_LOOK_H_
#define SPOOL_SERVER_EXECUTOR_LOOK_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/executor/limits.h"
#include "server/executor/stop_signal.h"
#include "server/executor/worker_pool.h"
#include "server/files/media_files.h"
#include "spool/v1/job.pb.h"
#include "spool/v1/job_service.pb.h"
#include "spool/v1/media.pb.h"

namespace spool::executor {

// Both block, at most for limits.max_probe_time or until `stop` is raised. INVALID_ARGUMENT with the reason that the
// job would fail with (INVALID_MEDIA, UNSUPPORTED_MEDIA...), NOT_FOUND (INPUT_NOT_FOUND), DEADLINE_EXCEEDED,
// UNAVAILABLE (SERVER_DRAINING when stopped).

// What a file holds.
absl::StatusOr<v1::MediaInfo> ProbeInput(absl::string_view input, const AttemptLimits& limits, WorkerPool& workers,
                                         const files::MediaFiles& files, const StopSignal& stop);

// What the job would do.
absl::StatusOr<v1::PlanJobResponse> PlanJob(const v1::Job& job, const AttemptLimits& limits, WorkerPool& workers,
                                            const files::MediaFiles& files, const StopSignal& stop);

}  // namespace spool::executor

#endif  // SPOOL_SERVER_EXECUTOR_LOOK_H_

// One run of one job in one worker process, from open files to published outputs.

#ifndef SPOOL_SERVER_EXECUTOR_ATTEMPT_H_
#define SPOOL_SERVER_EXECUTOR_ATTEMPT_H_

#include <functional>
#include <variant>

#include "server/executor/limits.h"
#include "server/executor/quarantine.h"
#include "server/executor/stop_signal.h"
#include "server/executor/worker_pool.h"
#include "server/files/media_files.h"
#include "spool/v1/job.pb.h"

namespace spool::executor {

// The attempt was ended by the signal; nothing was published.
struct Stopped {
  StopReason reason;
};
using Outcome = std::variant<v1::JobResult, v1::JobError, Stopped>;

// Runs the job and publishes its outputs. Blocks; when it returns the worker is gone and nothing half-done is left. A
// job with several outputs succeeds with those that could be made, unless it wants all or nothing. `on_progress` is
// called with sane, never falling figures, at most about ten times a second.
// An input in `quarantine`, or that gets there by this attempt, fails for good.
Outcome RunAttempt(const v1::Job& job, int threads, const AttemptLimits& limits, WorkerPool& workers,
                   files::MediaFiles& files, Quarantine& quarantine, const StopSignal& stop,
                   const std::function<void(const v1::JobProgress&)>& on_progress);

}  // namespace spool::executor

#endif  // SPOOL_SERVER_EXECUTOR_ATTEMPT_H_

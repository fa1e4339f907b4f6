// One run of one job in one worker process, from open files to published outputs.

#ifndef SPOOL_SERVER_EXECUTOR_ATTEMPT_H_
#define SPOOL_SERVER_EXECUTOR_ATTEMPT_H_

#include <atomic>
#include <functional>
#include <memory>
#include <variant>

#include "absl/status/statusor.h"
#include "server/base/unique_fd.h"
#include "server/executor/limits.h"
#include "server/executor/quarantine.h"
#include "server/executor/worker_pool.h"
#include "server/files/media_files.h"
#include "spool/v1/job.pb.h"

namespace spool::executor {

// Why an attempt is to end before its time.
enum class StopReason { kNone = 0, kCancel, kShutdown };

// Lets another thread end an attempt. Thread-safe.
class StopSignal {
 public:
  static absl::StatusOr<StopSignal> Make();
  // The first reason stays.
  void Raise(StopReason reason);
  StopReason raised() const { return static_cast<StopReason>(reason_->load()); }
  // Readable once raised.
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::unique_ptr<std::atomic<int>> reason_ = std::make_unique<std::atomic<int>>(0);
};

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

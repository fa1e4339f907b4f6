// One run of one job in one worker process, from open files to a published output.

#ifndef SPOOL_SERVER_EXECUTOR_ATTEMPT_H_
#define SPOOL_SERVER_EXECUTOR_ATTEMPT_H_

#include <atomic>
#include <functional>
#include <memory>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/unique_fd.h"
#include "server/executor/quarantine.h"
#include "server/executor/worker_pool.h"
#include "server/files/media_files.h"
#include "spool/v1/job.pb.h"
#include "spool/v1/media.pb.h"

namespace spool::executor {

// Bounds for jobs that do not set their own, and for every worker.
struct AttemptLimits {
  absl::Duration max_run_time = absl::Hours(6);
  absl::Duration max_stall_time = absl::Minutes(5);
  absl::Duration max_probe_time = absl::Seconds(20);
  int64_t max_pixels = 64000000;
  int max_streams = 64;
  int64_t max_alloc_bytes = int64_t{512} << 20;
  int64_t max_output_bytes = int64_t{64} << 30;
  // Address space, not resident memory: encoders with many threads reserve far more than they touch.
  int64_t max_memory_bytes = int64_t{16} << 30;
};

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

// Runs the job and publishes its output. Blocks; when it returns the worker is gone and nothing half-done is left.
// An input in `quarantine`, or that gets there by this attempt, fails for good.
// `on_progress` is called with sane, never falling figures, at most about ten times a second.
Outcome RunAttempt(const v1::Job& job, int threads, const AttemptLimits& limits, WorkerPool& workers,
                   files::MediaFiles& files, Quarantine& quarantine, const StopSignal& stop,
                   const std::function<void(const v1::JobProgress&)>& on_progress);

// What a file holds. INVALID_ARGUMENT (INVALID_MEDIA, UNSUPPORTED_MEDIA), NOT_FOUND (INPUT_NOT_FOUND),
// DEADLINE_EXCEEDED, UNAVAILABLE.
absl::StatusOr<v1::MediaInfo> ProbeInput(absl::string_view input, const AttemptLimits& limits, WorkerPool& workers,
                                         const files::MediaFiles& files);

}  // namespace spool::executor

#endif  // SPOOL_SERVER_EXECUTOR_ATTEMPT_H_

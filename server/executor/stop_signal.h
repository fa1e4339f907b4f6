// How one thread ends what another one waits for.

#ifndef SPOOL_SERVER_EXECUTOR_STOP_SIGNAL_H_
#define SPOOL_SERVER_EXECUTOR_STOP_SIGNAL_H_

#include <atomic>
#include <memory>

#include "absl/status/statusor.h"
#include "server/base/unique_fd.h"

namespace spool::executor {

// Why an attempt, or a look at a file, is to end before its time.
enum class StopReason { kNone = 0, kCancel, kShutdown };

// Thread-safe.
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

}  // namespace spool::executor

#endif  // SPOOL_SERVER_EXECUTOR_STOP_SIGNAL_H_

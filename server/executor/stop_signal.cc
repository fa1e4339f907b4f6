#include "server/executor/stop_signal.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "server/base/posix_error.h"

namespace spool::executor {

absl::StatusOr<StopSignal> StopSignal::Make() {
  StopSignal signal;
  signal.fd_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!signal.fd_.valid()) return PosixError(errno, "eventfd");
  return signal;
}

void StopSignal::Raise(StopReason reason) {
  int none = static_cast<int>(StopReason::kNone);
  if (!reason_->compare_exchange_strong(none, static_cast<int>(reason))) return;
  const uint64_t one = 1;
  // Cannot fail: the counter goes from 0 to 1.
  [[maybe_unused]] const ssize_t written = write(fd_.get(), &one, sizeof(one));
}

}  // namespace spool::executor

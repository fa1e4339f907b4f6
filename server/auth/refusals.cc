#include "server/auth/refusals.h"

#include <utility>

#include "server/base/errors.h"
#include "server/base/log.h"

namespace spool::auth {

bool Refusals::Add(absl::string_view peer, const absl::Status& status) {
  int64_t unlogged;
  {
    const absl::Time now = clock_->Now();
    MutexLock lock(&mu_);
    // A clock that steps back does not silence it.
    if (now < next_ && next_ - now <= absl::Seconds(1)) {
      ++unlogged_;
      return false;
    }
    next_ = now + absl::Seconds(1);
    unlogged = std::exchange(unlogged_, 0);
  }
  LogWarning("a caller was refused",
             {{"from", peer}, {"reason", ErrorInfoOf(status).reason()}, {"others_before_it", unlogged}});
  return true;
}

}  // namespace spool::auth

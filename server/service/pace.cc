#include "server/service/pace.h"

namespace spool::service {

bool Pace::Keeps(int64_t bytes, absl::Time now) {
  bytes_ += bytes;
  // The clock was set back: nothing is known of this stretch.
  if (now < window_began_) window_began_ = now;
  if (now - window_began_ < kWindow) return true;
  const bool kept = bytes_ >= kLeastBytes;
  window_began_ = now;
  bytes_ = 0;
  return kept;
}

}  // namespace spool::service

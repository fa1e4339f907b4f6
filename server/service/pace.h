// How slowly a client may send before its place goes to somebody else.

#ifndef SPOOL_SERVER_SERVICE_PACE_H_
#define SPOOL_SERVER_SERVICE_PACE_H_

#include <cstdint>

#include "absl/time/time.h"

namespace spool::service {

// Places for transfers are few, and so is the memory for the bodies of calls. Whoever trickles a byte now and then
// would hold a piece of it for ever; a bad line is slow, but not that slow: 64 KiB in a minute are some 9 kbit/s. Web
// servers' usual limits are a quarter to a half of that.
class Pace {
 public:
  static constexpr int64_t kLeastBytes = 64 << 10;
  static constexpr absl::Duration kWindow = absl::Minutes(1);

  // Begins `now`.
  explicit Pace(absl::Time now) : window_began_(now) {}

  // More has come. False: less than kLeastBytes did in the last stretch of at least kWindow. The time until something
  // comes at all is the doors' to bound.
  bool Keeps(int64_t bytes, absl::Time now);
  // This long it was not the sender who kept us waiting.
  void Forgive(absl::Duration ours) { window_began_ += ours; }

 private:
  absl::Time window_began_;
  int64_t bytes_ = 0;
};

}  // namespace spool::service

#endif  // SPOOL_SERVER_SERVICE_PACE_H_

// Time, so that tests can turn the hands.

#ifndef SPOOL_SERVER_BASE_CLOCK_H_
#define SPOOL_SERVER_BASE_CLOCK_H_

#include "absl/time/time.h"

namespace spool {

// Wall-clock time. Thread-safe. May step back, as system clocks do.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
  // The system's clock; lives for ever.
  static Clock* Real();
};

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_CLOCK_H_

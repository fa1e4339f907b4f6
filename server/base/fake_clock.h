// A clock that moves when a test says so.

#ifndef SPOOL_SERVER_BASE_FAKE_CLOCK_H_
#define SPOOL_SERVER_BASE_FAKE_CLOCK_H_

#include <atomic>

#include "absl/time/time.h"
#include "server/base/clock.h"

namespace spool {

// Starts at 2026-01-01 00:00 UTC. Thread-safe.
class FakeClock : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixMicros(micros_.load()); }
  void Advance(absl::Duration by) { micros_ += absl::ToInt64Microseconds(by); }

 private:
  std::atomic<int64_t> micros_{1767225600000000};
};

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_FAKE_CLOCK_H_

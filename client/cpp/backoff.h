// How long to wait between attempts to reach a server.

#ifndef SPOOL_CLIENT_CPP_BACKOFF_H_
#define SPOOL_CLIENT_CPP_BACKOFF_H_

#include <functional>

#include "absl/random/random.h"
#include "absl/time/time.h"

namespace spool::client {

// The first delay and the cap of the doubling.
struct BackoffPolicy {
  absl::Duration initial = absl::Milliseconds(100);
  absl::Duration max = absl::Seconds(5);
};

// A number in [0, 1); replaced by tests.
using RandomFraction = std::function<double()>;

// Doubling delays, each drawn from the upper half of its range, so that clients that lost one server at one moment do
// not come back at one moment. Not thread-safe.
class Backoff {
 public:
  // Without `random`: a generator of its own.
  explicit Backoff(BackoffPolicy policy, RandomFraction random = nullptr);

  // The delay before the next attempt, in [d/2, d) with d = initial, 2·initial, 4·initial… up to max.
  absl::Duration Next();

  // An attempt succeeded: begin with `initial` again.
  void Reset() { ceiling_ = policy_.initial; }

 private:
  const BackoffPolicy policy_;
  absl::BitGen generator_;
  const RandomFraction random_;
  absl::Duration ceiling_;
};

}  // namespace spool::client

#endif  // SPOOL_CLIENT_CPP_BACKOFF_H_

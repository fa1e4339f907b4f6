#include "client/cpp/backoff.h"

#include <algorithm>
#include <utility>

namespace spool::client {

Backoff::Backoff(BackoffPolicy policy, RandomFraction random)
    : policy_(policy), random_(std::move(random)), ceiling_(policy.initial) {}

absl::Duration Backoff::Next() {
  const double fraction = random_ ? random_() : absl::Uniform(generator_, 0.0, 1.0);
  const absl::Duration delay = ceiling_ / 2 + ceiling_ / 2 * fraction;
  ceiling_ = std::min(ceiling_ * 2, policy_.max);
  return delay;
}

}  // namespace spool::client

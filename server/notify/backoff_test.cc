#include "server/notify/backoff.h"

#include "gtest/gtest.h"
#include "server/base/proto_time.h"

namespace spool::notify {
namespace {

v1::RetryPolicy Policy() {
  v1::RetryPolicy policy;
  policy.set_max_retries(5);
  *policy.mutable_initial_backoff() = ToProto(absl::Seconds(5));
  *policy.mutable_max_backoff() = ToProto(absl::Seconds(30));
  return policy;
}

TEST(RetryDelay, DoublesUpToTheCapAndEnds) {
  const absl::Duration ceilings[] = {absl::Seconds(5), absl::Seconds(10), absl::Seconds(20), absl::Seconds(30),
                                     absl::Seconds(30)};
  for (int attempt = 1; attempt <= 5; ++attempt) {
    EXPECT_EQ(RetryDelay(Policy(), attempt, std::nullopt, 1), ceilings[attempt - 1]) << attempt;
    EXPECT_EQ(RetryDelay(Policy(), attempt, std::nullopt, 0.5), ceilings[attempt - 1] / 2) << attempt;
    EXPECT_EQ(RetryDelay(Policy(), attempt, std::nullopt, 0), absl::ZeroDuration()) << attempt;
  }
  EXPECT_EQ(RetryDelay(Policy(), 6, std::nullopt, 1), std::nullopt);
}

TEST(RetryDelay, HeedsTheReceiverWithinBounds) {
  EXPECT_EQ(RetryDelay(Policy(), 1, absl::Seconds(17), 0), absl::Seconds(17));
  EXPECT_EQ(RetryDelay(Policy(), 1, absl::Seconds(1), 1), absl::Seconds(5));
  EXPECT_EQ(RetryDelay(Policy(), 1, absl::Hours(1000), 1), kMaxRetryAfter);
  EXPECT_EQ(RetryDelay(Policy(), 6, absl::Seconds(17), 0), std::nullopt);
}

}  // namespace
}  // namespace spool::notify

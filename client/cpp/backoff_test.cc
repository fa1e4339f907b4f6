#include "client/cpp/backoff.h"

#include "gtest/gtest.h"

namespace spool::client {
namespace {

constexpr BackoffPolicy kPolicy = {.initial = absl::Milliseconds(100), .max = absl::Milliseconds(300)};

TEST(Backoff, DoublesUpToItsCapAndStartsAgain) {
  Backoff backoff(kPolicy, [] { return 1.0; });
  EXPECT_EQ(backoff.Next(), absl::Milliseconds(100));
  EXPECT_EQ(backoff.Next(), absl::Milliseconds(200));
  EXPECT_EQ(backoff.Next(), absl::Milliseconds(300));
  EXPECT_EQ(backoff.Next(), absl::Milliseconds(300));
  backoff.Reset();
  EXPECT_EQ(backoff.Next(), absl::Milliseconds(100));
}

TEST(Backoff, JitterTakesUpToHalf) {
  Backoff backoff(kPolicy, [] { return 0.0; });
  EXPECT_EQ(backoff.Next(), absl::Milliseconds(50));
  EXPECT_EQ(backoff.Next(), absl::Milliseconds(100));
}

TEST(Backoff, ItsOwnJitterStaysInRange) {
  Backoff backoff(kPolicy);
  for (int i = 0; i < 100; ++i) {
    backoff.Reset();
    const absl::Duration delay = backoff.Next();
    EXPECT_GE(delay, absl::Milliseconds(50));
    EXPECT_LE(delay, absl::Milliseconds(100));
  }
}

}  // namespace
}  // namespace spool::client

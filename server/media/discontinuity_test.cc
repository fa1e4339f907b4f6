#include "server/media/discontinuity.h"

#include "gtest/gtest.h"

namespace spool::media {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kFrame = 40'000;

TEST(Discontinuity, LeavesSteadyTimeAlone) {
  Discontinuity discontinuity;
  for (int64_t i = 0; i < 1000; ++i) EXPECT_EQ(discontinuity.ShiftFor(0, i * kFrame, kFrame), 0);
}

TEST(Discontinuity, LeavesSmallGapsAndStreamsThatStartLaterAlone) {
  Discontinuity discontinuity;
  EXPECT_EQ(discontinuity.ShiftFor(0, 0, kFrame), 0);
  EXPECT_EQ(discontinuity.ShiftFor(0, 9 * kSecond, kFrame), 0);
  EXPECT_EQ(discontinuity.ShiftFor(1, 3 * kSecond, kFrame), 0);
}

TEST(Discontinuity, ClosesAJumpForwardForAllStreams) {
  Discontinuity discontinuity;
  discontinuity.ShiftFor(0, 0, kFrame);
  discontinuity.ShiftFor(1, 0, kFrame);
  const int64_t jump = 1000 * kSecond;
  EXPECT_EQ(discontinuity.ShiftFor(0, jump + kFrame, kFrame), -jump);
  EXPECT_EQ(discontinuity.ShiftFor(1, jump + kFrame, kFrame), -jump);
  EXPECT_EQ(discontinuity.ShiftFor(0, jump + 2 * kFrame, kFrame), -jump);
}

TEST(Discontinuity, ClosesAClockThatWasSetBack) {
  Discontinuity discontinuity;
  const int64_t late = 500 * kSecond;
  discontinuity.ShiftFor(0, late, kFrame);
  EXPECT_EQ(discontinuity.ShiftFor(0, 0, kFrame), late + kFrame);
  EXPECT_EQ(discontinuity.ShiftFor(1, 0, kFrame), late + kFrame);
}

}  // namespace
}  // namespace spool::media

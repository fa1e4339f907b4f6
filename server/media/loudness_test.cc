#include "server/media/loudness.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace spool::media {
namespace {

using ::testing::StartsWith;

constexpr LoudnessTarget kTarget = {-16, -1.5, 11};

TEST(LoudnessChain, IsOneGainWherePeaksAndRangeAllowIt) {
  EXPECT_EQ(LoudnessChain({-26, 5, -14}, kTarget), "volume=10.0000dB");
  EXPECT_EQ(LoudnessChain({-10, 5, 0}, kTarget), "volume=-6.0000dB");
}

TEST(LoudnessChain, CompressesWhatWouldNotFit) {
  EXPECT_THAT(LoudnessChain({-26, 5, -3}, kTarget), StartsWith("loudnorm=I=-16.00:TP=-1.50:LRA=11.00"));
  EXPECT_THAT(LoudnessChain({-26, 20, -14}, kTarget), StartsWith("loudnorm="));
}

TEST(LoudnessChain, LeavesSilenceAndWhatIsRightAlone) {
  EXPECT_EQ(LoudnessChain({-70, 0, -100}, kTarget), "");
  EXPECT_EQ(LoudnessChain({-16.02, 5, -3}, kTarget), "");
}

}  // namespace
}  // namespace spool::media

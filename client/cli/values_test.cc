#include "client/cli/values.h"

#include "client/cli/usage_error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"
#include "spool/v1/event.pb.h"
#include "spool/v1/job.pb.h"

namespace spool::cli {
namespace {

using ::testing::ElementsAre;

TEST(ParseInteger, TakesItsRangeAndNothingElse) {
  EXPECT_EQ(ParseInteger("width", "2", 2, 9).value(), 2);
  EXPECT_EQ(ParseInteger("width", "9", 2, 9).value(), 9);
  for (const char* bad : {"1", "10", "", "3x", "3.5", "99999999999999999999"}) {
    const auto number = ParseInteger("width", bad, 2, 9);
    EXPECT_THAT(number, StatusIs(absl::StatusCode::kInvalidArgument, "must be a number from 2 to 9"));
    EXPECT_TRUE(IsUsageError(number.status()));
  }
}

TEST(ParseBitrate, KnowsThousandsAndMillions) {
  EXPECT_EQ(ParseBitrate("bitrate", "64000").value(), 64000);
  EXPECT_EQ(ParseBitrate("bitrate", "800k").value(), 800000);
  EXPECT_EQ(ParseBitrate("bitrate", "2.5M").value(), 2500000);
  for (const char* bad : {"", "k", "0", "-5", "nan", "inf", "1e3", "5G", "99999999M"}) {
    EXPECT_THAT(ParseBitrate("bitrate", bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(ParseLength, TakesSecondsAndUnits) {
  EXPECT_EQ(ParseLength("start", "90").value(), absl::Seconds(90));
  EXPECT_EQ(ParseLength("start", "1.5").value(), absl::Milliseconds(1500));
  EXPECT_EQ(ParseLength("start", "2m30s").value(), absl::Seconds(150));
  EXPECT_EQ(ParseLength("start", "250ms").value(), absl::Milliseconds(250));
  EXPECT_EQ(ParseLength("start", "0").value(), absl::ZeroDuration());
  for (const char* bad : {"", "-1", "-1s", "inf", "soon", "1x"}) {
    EXPECT_THAT(ParseLength("start", bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(ParseMoment, TakesTimesAndLengthsAhead) {
  const absl::Time now = absl::FromUnixSeconds(1000);
  EXPECT_EQ(ParseMoment("run-at", "+10m", now).value(), now + absl::Minutes(10));
  EXPECT_EQ(ParseMoment("run-at", "1970-01-01T00:00:05Z", now).value(), absl::FromUnixSeconds(5));
  EXPECT_EQ(ParseMoment("run-at", "1970-01-01T01:00:05+01:00", now).value(), absl::FromUnixSeconds(5));
  for (const char* bad : {"", "tomorrow", "+", "+soon", "2026-01-31"}) {
    EXPECT_THAT(ParseMoment("run-at", bad, now), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(ParseLabel, SplitsAtTheFirstEqualsSign) {
  EXPECT_EQ(ParseLabel("label", "a=b=c").value(), std::make_pair(std::string("a"), std::string("b=c")));
  EXPECT_EQ(ParseLabel("label", "a=").value(), std::make_pair(std::string("a"), std::string()));
  EXPECT_THAT(ParseLabel("label", "a"), StatusIs(absl::StatusCode::kInvalidArgument, "--label a: must be KEY=VALUE"));
  EXPECT_THAT(ParseLabel("label", "=a"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ParseEnum, TakesShortNamesInAnyCase) {
  EXPECT_EQ(ParseEnum<v1::JobState>("state", "running").value(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(ParseEnum<v1::JobState>("state", "RUNNING").value(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(ParseEnum<v1::EventType>("type", "cancel-requested").value(), v1::EVENT_TYPE_CANCEL_REQUESTED);
  EXPECT_THAT(ParseEnum<v1::JobType>("type", "paint"),
              StatusIs(absl::StatusCode::kInvalidArgument, "--type paint: must be one of resize, convert"));
  EXPECT_THAT(ParseEnum<v1::JobType>("type", "unspecified"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(EnumName, IsWhatParseEnumTakes) {
  EXPECT_EQ(EnumName(v1::EVENT_TYPE_CANCEL_REQUESTED), "cancel-requested");
  EXPECT_EQ(EnumName(static_cast<v1::JobState>(77)), "77");
  EXPECT_THAT(EnumNames(v1::Fit_descriptor()), ElementsAre("pad", "contain", "cover", "stretch", "shrink"));
}

TEST(ParseSize, TakesPowersOfAThousand) {
  EXPECT_EQ(*ParseSize("size", "500000"), 500000);
  EXPECT_EQ(*ParseSize("size", "8M"), 8000000);
  EXPECT_EQ(*ParseSize("size", "1.5g"), 1500000000);
  for (const char* text : {"", "M", "-8M", "8MB", "0", "1e9", "9999999G"})
    EXPECT_FALSE(ParseSize("size", text).ok()) << text;
}

TEST(ParseFrameRate, TakesFractions) {
  EXPECT_EQ(*ParseFrameRate("fps", "25"), 25);
  EXPECT_DOUBLE_EQ(*ParseFrameRate("fps", "24000/1001"), 24000.0 / 1001);
  for (const char* text : {"", "0", "241", "1/0", "0/0", "x", "1/x", "inf", "-25"}) {
    EXPECT_FALSE(ParseFrameRate("fps", text).ok()) << text;
  }
}

}  // namespace
}  // namespace spool::cli

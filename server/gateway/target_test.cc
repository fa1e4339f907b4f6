#include "server/gateway/target.h"

#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::gateway {
namespace {

TEST(Target, ThePathStaysEncodedAndTheQueryIsDecoded) {
  const auto target = ParseTarget("/v1/jobs/a%2Fb/events?label=env%3Dprod&label=x=y+z&flag&=v&&type=failed");
  ASSERT_OK(target);
  EXPECT_EQ(target->path, "/v1/jobs/a%2Fb/events");
  const std::vector<std::pair<std::string, std::string>> query = {
      {"label", "env=prod"}, {"label", "x=y z"}, {"flag", ""}, {"", "v"}, {"type", "failed"}};
  EXPECT_EQ(target->query, query);
  EXPECT_EQ(*target->Find("label"), "x=y z");
  EXPECT_EQ(target->Find("none"), nullptr);
}

TEST(Target, WhatIsNoneIsRefused) {
  for (const char* bad : {"", "v1", "http://host/", "*", "/a b", "/a\x01", "/?a=%", "/?a=%4", "/?%zz=1", "/?a=%ff",
                          "/?a=%c0%80", "/?%ed%a0%80=1"}) {
    EXPECT_THAT(ParseTarget(bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(Target, ASegmentsPlusIsAPlus) {
  EXPECT_EQ(*PercentDecode("a+b%2B%00", Plus::kPlus), std::string("a+b+\0", 5));
  EXPECT_EQ(*PercentDecode("a+b", Plus::kSpace), "a b");
}

}  // namespace
}  // namespace spool::gateway

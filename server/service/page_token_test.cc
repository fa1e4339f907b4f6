#include "server/service/page_token.h"

#include <string>

#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::service {
namespace {

TEST(PageToken, RoundTripsWithItsFilterOnly) {
  v1::JobFilter filter;
  filter.add_video_ids("v");
  const std::string token = EncodePageToken(4711, filter);
  ASSERT_OK(DecodePageToken(token, filter));
  EXPECT_EQ(*DecodePageToken(token, filter), 4711);
  EXPECT_THAT(DecodePageToken(token, {}), StatusIs(absl::StatusCode::kInvalidArgument, "page_token"));
}

TEST(PageToken, NothingIsTheFirstPageAndTheEnd) {
  EXPECT_EQ(EncodePageToken(0, {}), "");
  EXPECT_EQ(*DecodePageToken("", {}), 0);
}

TEST(PageToken, GarbageIsRefused) {
  for (const std::string& bad : {std::string("x"), std::string("AAAAAAAAAAAAAAAA"), std::string(500, 'A')}) {
    EXPECT_THAT(DecodePageToken(bad, {}), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

}  // namespace
}  // namespace spool::service

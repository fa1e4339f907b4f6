#include "server/service/page_token.h"

#include <string>

#include "gtest/gtest.h"
#include "server/base/status_matchers.h"
#include "spool/v1/job_service.pb.h"
#include "spool/v1/notification_service.pb.h"

namespace spool::service {
namespace {

TEST(PageToken, RoundTripsWithItsFilterOnly) {
  v1::JobFilter filter;
  filter.add_video_ids("v");
  const std::string token = EncodePageToken(4711, filter);
  ASSERT_OK(DecodePageToken(token, filter));
  EXPECT_EQ(*DecodePageToken(token, filter), 4711);
  // Nor is it one of another list.
  EXPECT_THAT(DecodePageToken(EncodePageToken(4711, v1::JobFilter()), v1::DeliveryFilter()),
              StatusIs(absl::StatusCode::kInvalidArgument, "page_token"));
  EXPECT_THAT(DecodePageToken(token, v1::JobFilter()), StatusIs(absl::StatusCode::kInvalidArgument, "page_token"));
}

TEST(PageToken, NothingIsTheFirstPageAndTheEnd) {
  EXPECT_EQ(EncodePageToken(0, v1::JobFilter()), "");
  EXPECT_EQ(*DecodePageToken("", v1::JobFilter()), 0);
}

TEST(PageToken, GarbageIsRefused) {
  for (const std::string& bad : {std::string("x"), std::string("AAAAAAAAAAAAAAAA"), std::string(500, 'A')}) {
    EXPECT_THAT(DecodePageToken(bad, v1::JobFilter()), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

}  // namespace
}  // namespace spool::service

#include "server/auth/refusals.h"

#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/fake_clock.h"

namespace spool::auth {
namespace {

TEST(Refusals, OneInASecondIsLoggedAndTheOthersAreCounted) {
  FakeClock clock;
  Refusals refusals(&clock);
  const absl::Status status = Error(absl::StatusCode::kUnauthenticated, "TOKEN_UNKNOWN", "the token is not known here");
  ::testing::internal::CaptureStderr();
  EXPECT_TRUE(refusals.Add("ipv4:1.2.3.4:5", status));
  for (int i = 0; i < 7; ++i) EXPECT_FALSE(refusals.Add("ipv4:1.2.3.4:5", status));
  clock.Advance(absl::Seconds(1));
  EXPECT_TRUE(refusals.Add("ipv4:6.7.8.9:5", status));
  clock.Advance(-absl::Hours(1));
  EXPECT_TRUE(refusals.Add("ipv4:6.7.8.9:5", status)) << "the clock was set back";
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("from=ipv4:1.2.3.4:5 reason=TOKEN_UNKNOWN others_before_it=0\n"), std::string::npos) << log;
  EXPECT_NE(log.find("from=ipv4:6.7.8.9:5 reason=TOKEN_UNKNOWN others_before_it=7\n"), std::string::npos) << log;
}

}  // namespace
}  // namespace spool::auth

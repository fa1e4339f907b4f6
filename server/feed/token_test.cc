#include "server/feed/token.h"

#include <string>

#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/status_matchers.h"

namespace spool::feed {
namespace {

TEST(Token, RoundTrips) {
  for (const int64_t sequence : {int64_t{0}, int64_t{1}, int64_t{255}, INT64_MAX}) {
    const auto position = DecodeToken(EncodeToken({0xfedcba9876543210, sequence}));
    ASSERT_OK(position);
    EXPECT_EQ(position->log_id, 0xfedcba9876543210);
    EXPECT_EQ(position->sequence, sequence);
  }
}

TEST(Token, HoldsOnlyUrlSafeCharacters) {
  const std::string token = EncodeToken({~uint64_t{0}, INT64_MAX});
  EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
}

TEST(Token, EveryChangedCharacterIsRefused) {
  const std::string good = EncodeToken({42, 4711});
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    // The last character's low bits are padding: a change there may decode to the same bytes.
    if (i + 1 == good.size()) continue;
    EXPECT_THAT(DecodeToken(bad), StatusIs(absl::StatusCode::kInvalidArgument)) << i;
  }
}

TEST(Token, GarbageIsRefusedWithAReason) {
  for (const std::string& bad : {std::string(), std::string("x"), std::string(1000, 'A'), std::string("a\0b", 3),
                                 std::string("%%%%"), EncodeToken({1, 2}).substr(1), EncodeToken({1, -5})}) {
    const auto position = DecodeToken(bad);
    ASSERT_THAT(position, StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
    EXPECT_EQ(ErrorInfoOf(position.status()).reason(), "RESUME_TOKEN_MALFORMED");
  }
}

}  // namespace
}  // namespace spool::feed

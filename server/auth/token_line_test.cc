#include "server/auth/token_line.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::auth {
namespace {

std::string Line(absl::string_view name, absl::string_view token, absl::string_view rest) {
  return absl::StrCat("{\"name\":\"", name, "\",\"sha256\":\"", HexDigestOf(token), "\",", rest, "}");
}

TEST(TokenLine, EachTokenIsNewAndLong) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto token = NewToken();
    ASSERT_OK(token);
    EXPECT_EQ(token->size(), 6 + 43) << *token;
    EXPECT_EQ(token->rfind("spool_", 0), 0) << *token;
    EXPECT_TRUE(seen.insert(*token).second) << *token;
  }
}

TEST(TokenLine, WhatIsWrittenIsRead) {
  Token token;
  token.set_name("uploader@example");
  token.set_sha256(HexDigestOf("secret"));
  token.set_scope("write");
  (*token.mutable_labels())["team"] = "a \"quoted\" one\n";
  token.add_video_ids("holiday");
  token.add_folders("team/a");
  token.mutable_expires_at()->set_seconds(1800000000);
  token.set_note("for the scanner in the cellar");
  const std::string line = FormatTokenLine(token);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto read = ParseTokenFile(absl::StrCat("# tokens\n\n", line, "\r\n"));
  ASSERT_OK(read);
  ASSERT_EQ(read->size(), 1);
  EXPECT_EQ(read->front().SerializeAsString(), token.SerializeAsString());
}

TEST(TokenLine, OneHolderMayHaveTwoTokensButNotOneTokenTwoLines) {
  const std::string read = "\"scope\":\"read\"";
  EXPECT_OK(ParseTokenFile(absl::StrCat(Line("a", "1", read), "\n", Line("a", "2", read))));
  EXPECT_THAT(ParseTokenFile(absl::StrCat(Line("a", "1", read), "\n", Line("b", "1", read))),
              StatusIs(absl::StatusCode::kInvalidArgument, "line 2: sha256"));
}

TEST(TokenLine, WhatIsWrongIsSaidWithItsLine) {
  const struct {
    std::string line;
    const char* says;
  } kBad[] = {
      {"nonsense", "line 3"},
      {"{", "line 3"},
      {Line("a", "1", "\"scope\":\"read\",\"scop\":\"admin\""), "scop"},
      {Line("a", "1", "\"note\":\"x\""), "scope: must be"},
      {Line("a", "1", "\"scope\":\"public\""), "scope: must be"},
      {Line("a", "1", "\"scope\":\"READ\""), "scope: must be"},
      {Line("", "1", "\"scope\":\"read\""), "name"},
      {Line("a b", "1", "\"scope\":\"read\""), "name"},
      {"{\"name\":\"a\",\"sha256\":\"1234\",\"scope\":\"read\"}", "sha256"},
      {"{\"name\":\"a\",\"scope\":\"read\"}", "sha256"},
      {Line("a", "1", "\"scope\":\"admin\",\"videoIds\":[\"v\"]"), "admin"},
      {Line("a", "1", "\"scope\":\"read\",\"folders\":[\"f\"]"), "folders"},
      {Line("a", "1", "\"scope\":\"read\",\"videoIds\":[\"v\"],\"folders\":[\"../f\"]"), "folders"},
      {Line("a", "1", "\"scope\":\"read\",\"videoIds\":[\"v\"],\"folders\":[\"/f\"]"), "folders"},
      {Line("a", "1", "\"scope\":\"read\",\"videoIds\":[\"v\"],\"folders\":[\"\"]"), "folders"},
      {Line("a", "1", "\"scope\":\"read\",\"videoIds\":[\"\"]"), "videoIds"},
      {Line("a", "1", "\"scope\":\"read\",\"labels\":{\"\":\"\"}"), "labels"},
      {Line("a", "1", "\"scope\":\"read\",\"expiresAt\":\"tomorrow\""), "line 3"},
  };
  for (const auto& bad : kBad) {
    EXPECT_THAT(ParseTokenFile(absl::StrCat("# a\n\n", bad.line, "\n")),
                StatusIs(absl::StatusCode::kInvalidArgument, bad.says))
        << bad.line;
  }
}

}  // namespace
}  // namespace spool::auth

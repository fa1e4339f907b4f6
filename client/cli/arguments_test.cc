#include "client/cli/arguments.h"

#include "client/cli/usage_error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<Flag> kFlags = {
    {"width", "PIXELS", ""}, {"label", "KEY=VALUE", ""}, {"output", "PATH", "", 'o'}, {"json", "", "", 'j'}};

absl::StatusOr<Arguments> Parse(const std::vector<std::string>& words) { return ParseArguments(kFlags, words); }

TEST(Arguments, FlagsMayStandAnywhere) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"--width", "800", "--json", "cat.mp4"},
           {"cat.mp4", "--json", "--width", "800"},
           {"--json", "cat.mp4", "--width=800"},
       }) {
    const auto arguments = Parse(words);
    ASSERT_OK(arguments);
    EXPECT_EQ(arguments->Get("width"), "800");
    EXPECT_TRUE(arguments->Has("json"));
    EXPECT_FALSE(arguments->Has("label"));
    EXPECT_THAT(arguments->positionals(), ElementsAre("cat.mp4"));
  }
}

TEST(Arguments, ShortFlagsTakeTheirValueApartOrAttached) {
  EXPECT_EQ(Parse({"-o", "a"})->Get("output"), "a");
  EXPECT_EQ(Parse({"-oa"})->Get("output"), "a");
  EXPECT_EQ(Parse({"-o", "-"})->Get("output"), "-");
  EXPECT_TRUE(Parse({"-j"})->Has("json"));
}

TEST(Arguments, TheLastValueCountsAndAllAreKept) {
  const auto arguments = Parse({"--label", "a=1", "--label=b=2"});
  EXPECT_EQ(arguments->Get("label"), "b=2");
  EXPECT_THAT(arguments->GetAll("label"), ElementsAre("a=1", "b=2"));
  EXPECT_THAT(arguments->GetAll("width"), IsEmpty());
}

TEST(Arguments, AValueMayBeginWithADashOrBeEmpty) {
  EXPECT_EQ(Parse({"--width", "-5"})->Get("width"), "-5");
  EXPECT_EQ(Parse({"--width="})->Get("width"), "");
  EXPECT_TRUE(Parse({"--width="})->Has("width"));
}

TEST(Arguments, NothingAfterTwoDashesIsAFlag) {
  const auto arguments = Parse({"--json", "--", "--width", "--"});
  EXPECT_THAT(arguments->positionals(), ElementsAre("--width", "--"));
}

TEST(Arguments, ALoneDashIsPositional) { EXPECT_THAT(Parse({"-"})->positionals(), ElementsAre("-")); }

TEST(Arguments, UnderscoresInAFlagsNameAreDashes) {
  const std::vector<Flag> flags = {{"video-id", "ID", ""}};
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--video-id=a_b"}, {"--video_id=a_b"}, {"--video_id", "a_b"}}) {
    const auto arguments = ParseArguments(flags, words);
    ASSERT_OK(arguments);
    EXPECT_EQ(arguments->Get("video-id"), "a_b");
  }
}

TEST(Arguments, MistakesAreUsageErrors) {
  const struct {
    std::vector<std::string> words;
    const char* message;
  } cases[] = {
      {{"--height", "3"}, "unknown flag --height"},
      {{"--height=3"}, "unknown flag --height"},
      {{"-x"}, "unknown flag -x"},
      {{"--width"}, "--width needs a value: PIXELS"},
      {{"-o"}, "-o needs a value: PATH"},
      {{"--json=yes"}, "--json takes no value"},
      {{"-jx"}, "-j takes no value"},
  };
  for (const auto& c : cases) {
    const auto arguments = Parse(c.words);
    EXPECT_THAT(arguments, StatusIs(absl::StatusCode::kInvalidArgument, c.message));
    EXPECT_TRUE(IsUsageError(arguments.status()));
  }
}

TEST(FindCommand, PassesOverFlagsAndTheirValues) {
  const auto find = [](const std::vector<std::string>& words) { return FindCommand(kFlags, words); };
  EXPECT_EQ(find({"list", "--json"}), 0);
  EXPECT_EQ(find({"--json", "list"}), 1);
  EXPECT_EQ(find({"--width", "800", "list"}), 2);
  EXPECT_EQ(find({"--width=800", "list"}), 1);
  EXPECT_EQ(find({"--unknown", "list"}), 1);
  EXPECT_EQ(find({"--json"}), 1);
  EXPECT_EQ(find({"--width"}), 1);
  EXPECT_EQ(find({}), 0);
}

TEST(ParseArguments, AnOptionalValueIsNeverTheNextWord) {
  const std::vector<Flag> flags = {{"loudness", "LUFS", "", 0, Flag::Value::kOptional}};
  const std::vector<std::string> bare = {"--loudness", "file"};
  const auto without = ParseArguments(flags, bare);
  ASSERT_OK(without);
  EXPECT_TRUE(without->Has("loudness"));
  EXPECT_EQ(without->Get("loudness"), "");
  EXPECT_EQ(without->positionals(), std::vector<std::string>{"file"});
  EXPECT_EQ(FindCommand(flags, bare), 1);
  const std::vector<std::string> given = {"--loudness=-16", "file"};
  EXPECT_EQ(ParseArguments(flags, given)->Get("loudness"), "-16");
}

}  // namespace
}  // namespace spool::cli

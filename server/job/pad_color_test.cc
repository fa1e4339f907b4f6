#include "server/job/pad_color.h"

#include "gtest/gtest.h"

namespace spool::job {
namespace {

TEST(PadColor, TakesHexDigitsAndNames) {
  EXPECT_EQ(ParsePadColor("#0a1B2c"), (Rgb{0x0a, 0x1b, 0x2c}));
  EXPECT_EQ(ParsePadColor("black"), Rgb());
  EXPECT_EQ(ParsePadColor("Navy"), (Rgb{0, 0, 0x80}));
  EXPECT_EQ(ParsePadColor("YELLOW"), (Rgb{0xff, 0xff, 0}));
}

TEST(PadColor, RefusesEverythingElse) {
  for (const char* text : {"", "#", "#fff", "#12345g", "#-12345", "#+12345", "#1234567", "1234567", "rebeccapurple",
                           "black ", "0x00000", "# 12345"}) {
    EXPECT_EQ(ParsePadColor(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace spool::job

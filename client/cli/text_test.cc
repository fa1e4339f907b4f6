#include "client/cli/text.h"

#include "gtest/gtest.h"

namespace spool::cli {
namespace {

TEST(Escaped, LeavesReadableTextAlone) {
  for (const char* text : {"", "cat.mp4", "Füße → 猫 🐈", "a b\\c\"d'"}) EXPECT_EQ(Escaped(text), text);
}

TEST(Escaped, ShowsWhatWouldMoveTheTerminal) {
  EXPECT_EQ(Escaped("a\nb\tc\rd"), R"(a\nb\tc\rd)");
  EXPECT_EQ(Escaped("\x1b[2J\x07"), R"(\x1b[2J\x07)");
  EXPECT_EQ(Escaped(absl::string_view("a\0b", 3)), R"(a\x00b)");
  EXPECT_EQ(Escaped("\x7f"), R"(\x7f)");
  EXPECT_EQ(Escaped("\xc2\x9b"
                    "31m"),
            R"(\u{9b}31m)");  // CSI in one C1 character.
}

TEST(Escaped, ShowsWhatWouldHideText) {
  EXPECT_EQ(Escaped("a\u202e"
                    "b"),
            R"(a\u{202e}b)");
  EXPECT_EQ(Escaped("a\u2028"
                    "b"),
            R"(a\u{2028}b)");
}

TEST(Escaped, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(Escaped("\x80"), R"(\x80)");
  EXPECT_EQ(Escaped("\x9b"
                    "31m"),
            R"(\x9b31m)");
  EXPECT_EQ(Escaped("\xc0\x9b"), R"(\xc0\x9b)");          // Overlong ESC.
  EXPECT_EQ(Escaped("\xe2\x82"), R"(\xe2\x82)");          // Cut short.
  EXPECT_EQ(Escaped("\xed\xa0\x80"), R"(\xed\xa0\x80)");  // A surrogate.
  EXPECT_EQ(Escaped("\xf5\x80\x80\x80"), R"(\xf5\x80\x80\x80)");
}

TEST(Shortened, CutsAtColumns) {
  EXPECT_EQ(Shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(Shortened("abcdef", 5), "abcd…");
  EXPECT_EQ(Shortened("äöüäöü", 5), "äöüä…");
  EXPECT_EQ(Shortened("猫猫猫", 6), "猫猫猫");
  EXPECT_EQ(Shortened("猫猫猫", 5), "猫猫…");
  EXPECT_EQ(Shortened("abc", 1), "…");
  EXPECT_EQ(Shortened("abc", 0), "");
  EXPECT_EQ(Shortened("abc", -3), "");
}

TEST(Columns, CountsWhatATerminalShows) { EXPECT_EQ(Columns("aä猫…"), 5); }

TEST(FormatBytes, PicksAUnit) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(999), "999 B");
  EXPECT_EQ(FormatBytes(1000), "1.0 kB");
  EXPECT_EQ(FormatBytes(999'949), "999.9 kB");
  EXPECT_EQ(FormatBytes(999'950), "1.0 MB");
  EXPECT_EQ(FormatBytes(1'234'567'890), "1.2 GB");
}

TEST(FormatSeconds, HasTwoDigits) {
  EXPECT_EQ(FormatSeconds(absl::Milliseconds(50)), "0.05s");
  EXPECT_EQ(FormatSeconds(absl::Seconds(3600)), "3600.00s");
  EXPECT_EQ(FormatSeconds(absl::Seconds(-1)), "0.00s");
}

TEST(FormatCountdown, RoundsUp) {
  EXPECT_EQ(FormatCountdown(absl::ZeroDuration()), "0:00");
  EXPECT_EQ(FormatCountdown(absl::Milliseconds(6100)), "0:07");
  EXPECT_EQ(FormatCountdown(absl::Seconds(3599)), "59:59");
  EXPECT_EQ(FormatCountdown(absl::Seconds(3723)), "1:02:03");
}

TEST(FormatMoment, IsLocalIso) {
  const absl::Time time = absl::FromUnixMillis(1767225600250);
  EXPECT_EQ(FormatMoment(time, absl::UTCTimeZone()), "2026-01-01T00:00:00.250+00:00");
  EXPECT_EQ(FormatMoment(time, absl::FixedTimeZone(3600)), "2026-01-01T01:00:00.250+01:00");
}

}  // namespace
}  // namespace spool::cli

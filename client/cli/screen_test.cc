#include "client/cli/screen.h"

#include <sstream>

#include "gtest/gtest.h"

namespace spool::cli {
namespace {

TEST(Screen, RedrawsLiveLinesInPlaceBelowWhatIsPrinted) {
  std::ostringstream out;
  std::ostringstream err;
  {
    Screen screen(&out, &err, /*live=*/true);
    screen.SetLive({"a 10%", "b 20%"});
    screen.Print("event\n");
    screen.PrintError("note\n");
    screen.SetLive({"b 30%"});
  }
  EXPECT_EQ(out.str(),
            "a 10%\nb 20%\n"
            "\x1b[2A\x1b[J"
            "event\n"
            "a 10%\nb 20%\n"
            "\x1b[2A\x1b[J"
            "a 10%\nb 20%\n"
            "\x1b[2A\x1b[J"
            "b 30%\n"
            "\x1b[1A\x1b[J");
  EXPECT_EQ(err.str(), "note\n");
}

TEST(Screen, WithoutATerminalThereAreNoLiveLines) {
  std::ostringstream out;
  std::ostringstream err;
  Screen screen(&out, &err, /*live=*/false);
  screen.SetLive({"a 10%"});
  screen.Print("event\n");
  EXPECT_EQ(out.str(), "event\n");
}

}  // namespace
}  // namespace spool::cli

#include "server/base/manual_page.h"

#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace spool {
namespace {

using ::testing::HasSubstr;

ManualPage Page() {
  ManualPage page;
  page.name = "brush";
  page.section = 8;
  page.summary = "paints";
  page.sections = {
      {.title = "SYNOPSIS", .lines = {"brush [--colour=NAME] 'a b'"}},
      {.title = "DESCRIPTION", .text = "One `--red` line.\n\n.dot\nand…"},
      {.title = "FLAGS", .text = "All:"},
      {.title = "Paint", .entries = {{"--colour=NAME", "A back\\slash and it's ~ and ^."}}, .is_part = true},
      {.title = "EXIT STATUS", .entries = {{"0", "well"}, {"2", "ill"}}, .layout = ManualSection::Layout::kBesideTerm},
  };
  return page;
}

TEST(ManualPage, Text) {
  EXPECT_EQ(ManualText(Page()),
            "NAME\n    brush - paints\n\n"
            "SYNOPSIS\n    brush [--colour=NAME] 'a b'\n\n"
            "DESCRIPTION\n    One `--red` line.\n\n    .dot and…\n\n"
            "FLAGS\n    All:\n\n"
            "    Paint\n        --colour=NAME\n            A back\\slash and it's ~ and ^.\n\n"
            "EXIT STATUS\n    0   well\n    2   ill\n");
}

TEST(ManualPage, SourceHasNothingThatTroffWouldChange) {
  EXPECT_EQ(ManualSource(Page(), "1.2"),
            ".TH BRUSH 8 \"\" \"Spool 1.2\" \"Spool\"\n"
            ".SH NAME\nbrush \\- paints\n"
            ".SH SYNOPSIS\n.nf\n\\fBbrush [\\-\\-colour=NAME] \\(aqa b\\(aq\\fR\n.fi\n"
            ".SH DESCRIPTION\nOne \\fB\\-\\-red\\fR line.\n.PP\n\\&.dot and\\[u2026]\n"
            ".SH FLAGS\nAll:\n"
            ".SS Paint\n.TP\n\\fB\\-\\-colour=NAME\\fR\nA back\\eslash and it\\(aqs \\(ti and \\(ha.\n"
            ".SH EXIT STATUS\n.TP\n\\fB0\\fR\nwell\n.TP\n\\fB2\\fR\nill\n");
}

TEST(ManualPage, LinesAreFilledByCharactersNotBytes) {
  ManualPage page;
  page.name = "x";
  std::string text;
  for (int i = 0; i < 60; ++i) text += "ä… ";
  page.sections = {{.title = "A", .text = text},
                   {.title = "B", .entries = {{"term", text}}, .layout = ManualSection::Layout::kBesideTerm}};
  // 25 words of two characters and the spaces between them fill the 75 columns that the margin leaves.
  EXPECT_THAT(ManualText(page), HasSubstr("A\n    " + text.substr(0, 6 * 25 - 1) + "\n    ä…"));
  EXPECT_THAT(ManualText(page), HasSubstr("B\n    term  " + text.substr(0, 6 * 23 - 1) + "\n          ä…"));
}

}  // namespace
}  // namespace spool

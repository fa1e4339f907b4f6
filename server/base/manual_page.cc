#include "server/base/manual_page.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace spool {
namespace {

constexpr size_t kColumns = 79;
constexpr size_t kIndent = 4;

bool BeginsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

// Characters of UTF-8. None that we use is wider than one column.
size_t Width(absl::string_view text) { return std::count_if(text.begin(), text.end(), BeginsCharacter); }

std::vector<absl::string_view> Words(absl::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
}

// Paragraphs of `text`, each line indented; the first one goes on at column `at`, where the caller has brought it.
std::string Fill(absl::string_view text, size_t indent, size_t at = 0) {
  const std::string margin(indent, ' ');
  std::string result;
  for (const absl::string_view paragraph : absl::StrSplit(text, "\n\n")) {
    if (!result.empty()) result += "\n";
    std::string line = result.empty() && at > 0 ? "" : margin;
    size_t width = std::max(at, indent);
    bool first = true;
    for (const absl::string_view word : Words(paragraph)) {
      const size_t more = Width(word) + (first ? 0 : 1);
      if (!first && width + more > kColumns) {
        absl::StrAppend(&result, line, "\n");
        line = absl::StrCat(margin, word);
        width = indent + Width(word);
      } else {
        absl::StrAppend(&line, first ? "" : " ", word);
        width += more;
      }
      first = false;
    }
    absl::StrAppend(&result, line, "\n");
    at = 0;
  }
  return result;
}

std::string EntriesText(const ManualSection& section, size_t indent) {
  std::string result;
  size_t widest = 2;
  for (const ManualEntry& entry : section.entries) widest = std::max(widest, Width(entry.term));
  for (const ManualEntry& entry : section.entries) {
    absl::StrAppend(&result, std::string(indent, ' '), entry.term);
    switch (section.layout) {
      case ManualSection::Layout::kBelowTerm:
        absl::StrAppend(&result, "\n", Fill(entry.text, indent + kIndent));
        break;
      case ManualSection::Layout::kBesideTerm:
        absl::StrAppend(&result, std::string(widest + 2 - Width(entry.term), ' '),
                        Fill(entry.text, indent + widest + 2, indent + widest + 2));
        break;
    }
  }
  return result;
}

std::string SectionText(const ManualSection& section) {
  const size_t indent = section.is_part ? 2 * kIndent : kIndent;
  std::vector<std::string> blocks;
  if (!section.text.empty()) blocks.push_back(Fill(section.text, indent));
  if (!section.lines.empty()) {
    const std::string margin(indent, ' ');
    blocks.push_back(absl::StrCat(margin, absl::StrJoin(section.lines, "\n" + margin), "\n"));
  }
  if (!section.entries.empty()) blocks.push_back(EntriesText(section, indent));
  return absl::StrCat(section.is_part ? std::string(kIndent, ' ') : "", section.title, "\n",
                      absl::StrJoin(blocks, "\n"));
}

// `text` for troff, from inside a line: no character that it, or the typographer in it, would make something else of.
std::string Escaped(absl::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x80) {
      // Two to four bytes; ours are well-formed.
      const int more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
      uint32_t code = byte & (0x3f >> more);
      for (int k = 0; k < more && i + 1 < text.size(); ++k) code = code << 6 | (text[++i] & 0x3f);
      absl::StrAppendFormat(&result, "\\[u%04X]", code);
      continue;
    }
    switch (text[i]) {
      case '\\':
        result += "\\e";
        break;
      case '-':
        result += "\\-";
        break;
      case '\'':
        result += "\\(aq";
        break;
      case '`':
        result += "\\(ga";
        break;
      case '^':
        result += "\\(ha";
        break;
      case '~':
        result += "\\(ti";
        break;
      default:
        result += text[i];
    }
  }
  return result;
}

// A line of its own: a dot at its beginning would be a request.
std::string SourceLine(const std::string& escaped) {
  return absl::StrCat(!escaped.empty() && escaped[0] == '.' ? "\\&" : "", escaped, "\n");
}

std::string Bold(absl::string_view text) { return absl::StrCat("\\fB", Escaped(text), "\\fR"); }

// A paragraph; what stands between backticks becomes bold.
std::string SourceParagraph(absl::string_view paragraph) {
  const std::vector<std::string> parts = absl::StrSplit(absl::StrJoin(Words(paragraph), " "), '`');
  std::string line;
  for (size_t i = 0; i < parts.size(); ++i) line += i % 2 == 1 ? Bold(parts[i]) : Escaped(parts[i]);
  return SourceLine(line);
}

std::string SourceParagraphs(absl::string_view text, absl::string_view separator) {
  std::vector<std::string> paragraphs;
  for (const absl::string_view paragraph : absl::StrSplit(text, "\n\n")) {
    paragraphs.push_back(SourceParagraph(paragraph));
  }
  return absl::StrJoin(paragraphs, separator);
}

std::string SectionSource(const ManualSection& section) {
  std::string result = absl::StrCat(section.is_part ? ".SS " : ".SH ", Escaped(section.title), "\n");
  if (!section.text.empty()) result += SourceParagraphs(section.text, ".PP\n");
  if (!section.lines.empty()) {
    absl::StrAppend(&result, section.text.empty() ? "" : ".PP\n", ".nf\n");
    for (const std::string& line : section.lines) result += SourceLine(Bold(line));
    result += ".fi\n";
  }
  for (const ManualEntry& entry : section.entries) {
    absl::StrAppend(&result, ".TP\n", SourceLine(Bold(entry.term)), SourceParagraphs(entry.text, ".IP\n"));
  }
  return result;
}

}  // namespace

std::string ManualText(const ManualPage& page) {
  std::string result = absl::StrCat("NAME\n    ", page.name, " - ", page.summary, "\n");
  for (const ManualSection& section : page.sections) absl::StrAppend(&result, "\n", SectionText(section));
  return result;
}

std::string ManualSource(const ManualPage& page, absl::string_view version) {
  std::string result =
      absl::StrCat(".TH ", absl::AsciiStrToUpper(page.name), " ", page.section, " \"\" \"Spool ", version,
                   "\" \"Spool\"\n.SH NAME\n", Escaped(page.name), " \\- ", Escaped(page.summary), "\n");
  for (const ManualSection& section : page.sections) result += SectionSource(section);
  return result;
}

}  // namespace spool

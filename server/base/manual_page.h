// A manual page of a program: the text that --help prints, and the source that man(1) shows.

#ifndef SPOOL_SERVER_BASE_MANUAL_PAGE_H_
#define SPOOL_SERVER_BASE_MANUAL_PAGE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace spool {

// A term, such as a flag, and what it means.
struct ManualEntry {
  std::string term;
  std::string text;
};

// All text is UTF-8. In `text`, `backticks` mark what is typed, and empty lines part paragraphs.
struct ManualSection {
  std::string title;
  std::string text;
  // Command lines, which are never filled; they follow `text`.
  std::vector<std::string> lines;
  // They come last.
  std::vector<ManualEntry> entries;
  // Where an entry's meaning stands in --help.
  enum class Layout { kBelowTerm, kBesideTerm } layout = Layout::kBelowTerm;
  // Whether it is a part of the section before it, with a smaller title.
  bool is_part = false;
};

struct ManualPage {
  // Of the program, or of its command: "spool resize".
  std::string name;
  // Of the manual: 1 programs, 8 servers.
  int section = 1;
  // One line without a full stop.
  std::string summary;
  std::vector<ManualSection> sections;
};

// Plain text, filled to 79 columns.
std::string ManualText(const ManualPage& page);

// Source for man(1), in groff's "man" macros. ASCII.
std::string ManualSource(const ManualPage& page, absl::string_view version);

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_MANUAL_PAGE_H_

// Output with a few lines at the bottom of the terminal that are redrawn in place.

#ifndef SPOOL_CLIENT_CLI_SCREEN_H_
#define SPOOL_CLIENT_CLI_SCREEN_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace spool::cli {

// Writes to stdout and stderr, both of which may be the same terminal. Everything is flushed at once, so that a reader
// of a pipe sees a line when it is printed. Not thread-safe.
class Screen {
 public:
  // `live`: whether `out` is a terminal that can move its cursor; without it SetLive() shows nothing.
  Screen(std::ostream* out, std::ostream* err, bool live) : out_(out), err_(err), live_(live) {}
  // Leaves no live lines behind.
  ~Screen() { SetLive({}); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // Writes `text` to stdout, above the live lines. It should end with a newline.
  void Print(absl::string_view text);
  // The same on stderr.
  void PrintError(absl::string_view text);
  // Writes `text` to stdout and replaces the live lines below it.
  void Print(absl::string_view text, std::vector<std::string> lines);
  // Replaces the live lines. They must be no wider than the terminal, and fewer than its rows.
  void SetLive(std::vector<std::string> lines);

  bool live() const { return live_; }

 private:
  void Erase();
  void Draw();

  std::ostream* const out_;
  std::ostream* const err_;
  const bool live_;
  std::vector<std::string> lines_;
};

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_SCREEN_H_

#include "client/cli/screen.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace spool::cli {

void Screen::Print(absl::string_view text) {
  Erase();
  *out_ << text;
  Draw();
}

void Screen::Print(absl::string_view text, std::vector<std::string> lines) {
  Erase();
  *out_ << text;
  lines_ = live_ ? std::move(lines) : std::vector<std::string>();
  Draw();
}

void Screen::PrintError(absl::string_view text) {
  Erase();
  // Before stderr's bytes, which may go to the same terminal by another way.
  out_->flush();
  *err_ << text << std::flush;
  Draw();
}

void Screen::SetLive(std::vector<std::string> lines) {
  if (live_ && lines != lines_) Print("", std::move(lines));
}

void Screen::Erase() {
  // The cursor stands at the beginning of the line below the last live one. Up over them, then erase to the end.
  if (!lines_.empty()) *out_ << absl::StrCat("\x1b[", lines_.size(), "A\x1b[J");
}

void Screen::Draw() {
  for (const std::string& line : lines_) *out_ << line << '\n';
  out_->flush();
}

}  // namespace spool::cli

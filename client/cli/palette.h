// Colours, or none.

#ifndef SPOOL_CLIENT_CLI_PALETTE_H_
#define SPOOL_CLIENT_CLI_PALETTE_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace spool::cli {

enum class Colour { kPlain, kBold, kDim, kRed, kGreen, kYellow, kBlue, kCyan };

// Paints text with the sixteen colours that every terminal lets its user choose.
class Palette {
 public:
  // Without colours.
  Palette() = default;
  explicit Palette(bool coloured) : coloured_(coloured) {}

  std::string Paint(Colour colour, absl::string_view text) const {
    if (!coloured_ || colour == Colour::kPlain) return std::string(text);
    return absl::StrCat("\x1b[", Code(colour), "m", text, "\x1b[0m");
  }

 private:
  static absl::string_view Code(Colour colour) {
    switch (colour) {
      case Colour::kPlain:
        return "0";
      case Colour::kBold:
        return "1";
      case Colour::kDim:
        return "2";
      case Colour::kRed:
        return "1;31";
      case Colour::kGreen:
        return "1;32";
      case Colour::kYellow:
        return "1;33";
      case Colour::kBlue:
        return "1;34";
      case Colour::kCyan:
        return "1;36";
    }
    return "0";
  }

  bool coloured_ = false;
};

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_PALETTE_H_

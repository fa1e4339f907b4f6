#include "server/job/pad_color.h"

#include <array>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace spool::job {
namespace {

struct NamedColor {
  absl::string_view name;
  Rgb rgb;
};

constexpr std::array kNamed = {
    NamedColor{"aqua", {0x00, 0xff, 0xff}},   NamedColor{"black", {0x00, 0x00, 0x00}},
    NamedColor{"blue", {0x00, 0x00, 0xff}},   NamedColor{"fuchsia", {0xff, 0x00, 0xff}},
    NamedColor{"gray", {0x80, 0x80, 0x80}},   NamedColor{"green", {0x00, 0x80, 0x00}},
    NamedColor{"lime", {0x00, 0xff, 0x00}},   NamedColor{"maroon", {0x80, 0x00, 0x00}},
    NamedColor{"navy", {0x00, 0x00, 0x80}},   NamedColor{"olive", {0x80, 0x80, 0x00}},
    NamedColor{"purple", {0x80, 0x00, 0x80}}, NamedColor{"red", {0xff, 0x00, 0x00}},
    NamedColor{"silver", {0xc0, 0xc0, 0xc0}}, NamedColor{"teal", {0x00, 0x80, 0x80}},
    NamedColor{"white", {0xff, 0xff, 0xff}},  NamedColor{"yellow", {0xff, 0xff, 0x00}},
};

}  // namespace

std::optional<Rgb> ParsePadColor(absl::string_view text) {
  for (const NamedColor& named : kNamed) {
    if (absl::EqualsIgnoreCase(text, named.name)) return named.rgb;
  }
  if (text.size() != 7 || text[0] != '#') return std::nullopt;
  uint32_t value = 0;
  const char* const end = text.data() + text.size();
  // Unsigned, so no sign is taken.
  if (std::from_chars(text.data() + 1, end, value, 16).ptr != end) return std::nullopt;
  return Rgb{static_cast<uint8_t>(value >> 16), static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
}

}  // namespace spool::job

// Colours as requests name them.

#ifndef SPOOL_SERVER_JOB_PAD_COLOR_H_
#define SPOOL_SERVER_JOB_PAD_COLOR_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace spool::job {

struct Rgb {
  uint8_t red = 0;
  uint8_t green = 0;
  uint8_t blue = 0;

  friend bool operator==(const Rgb&, const Rgb&) = default;
};

// "#RRGGBB", or one of the sixteen names that HTML 4 has, in any case. nullopt for anything else.
std::optional<Rgb> ParsePadColor(absl::string_view text);

}  // namespace spool::job

#endif  // SPOOL_SERVER_JOB_PAD_COLOR_H_

// Small pieces of text for people: safe strings, sizes, lengths of time, points in time.

#ifndef SPOOL_CLIENT_CLI_TEXT_H_
#define SPOOL_CLIENT_CLI_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace spool::cli {

// `text` with everything that could move the cursor, change the terminal's state or hide other text made visible:
// control characters as \n, \t or \x1b, line separators and direction marks as \u{202e}, bytes that are not UTF-8 as
// \xff. All text that comes from a server passes through here before it is printed.
std::string Escaped(absl::string_view text);

// Terminal columns that escaped `text` takes; two for ideographs and pictographs.
int Columns(absl::string_view text);

// The beginning of escaped `text` in at most `columns` columns, with an ellipsis at its end if that cuts anything off.
std::string Shortened(absl::string_view text, int columns);

// "512 B", "1.2 MB": powers of 1000.
std::string FormatBytes(int64_t bytes);

// "45.32s"; less than 0, which only clocks that step back make, is "0.00s".
std::string FormatSeconds(absl::Duration duration);

// "0:07", "12:34", "1:02:03"; rounded up, so that what is not over does not read 0:00.
std::string FormatCountdown(absl::Duration duration);

// ISO 8601 with milliseconds and offset: "2026-01-01T13:00:00.250+01:00".
std::string FormatMoment(absl::Time time, absl::TimeZone zone);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_TEXT_H_

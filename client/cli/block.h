// The form in which everything is shown to people: a heading, then indented "Name: value" lines.

#ifndef SPOOL_CLIENT_CLI_BLOCK_H_
#define SPOOL_CLIENT_CLI_BLOCK_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/cli/palette.h"
#include "google/protobuf/timestamp.pb.h"

namespace spool::cli {

// How text for people looks.
struct TextStyle {
  Palette palette;
  absl::TimeZone zone = absl::UTCTimeZone();
};

// Builds one block. Values and lines are escaped; the heading is taken as it is.
class Block {
 public:
  Block(absl::string_view heading, const TextStyle& style);

  // Left out when `value` is empty.
  Block& Line(absl::string_view name, absl::string_view value);
  // A point in time; left out when it is not set (all zero).
  Block& Line(absl::string_view name, const google::protobuf::Timestamp& time);
  // Name, then each line of `lines` further in; left out when empty.
  Block& Lines(absl::string_view name, absl::string_view lines);

  // Ends with a newline.
  const std::string& text() const { return text_; }

 private:
  const TextStyle style_;
  std::string text_;
};

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_BLOCK_H_

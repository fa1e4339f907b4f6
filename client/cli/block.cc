#include "client/cli/block.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/text.h"
#include "server/base/proto_time.h"

namespace spool::cli {

Block::Block(absl::string_view heading, const TextStyle& style) : style_(style), text_(absl::StrCat(heading, "\n")) {}

Block& Block::Line(absl::string_view name, absl::string_view value) {
  if (value.empty()) return *this;
  absl::StrAppend(&text_, "   ", style_.palette.Paint(Colour::kDim, absl::StrCat(name, ":")), " ", Escaped(value),
                  "\n");
  return *this;
}

Block& Block::Line(absl::string_view name, const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return *this;
  return Line(name, FormatMoment(FromProto(time), style_.zone));
}

Block& Block::Lines(absl::string_view name, absl::string_view lines) {
  if (lines.empty()) return *this;
  absl::StrAppend(&text_, "   ", style_.palette.Paint(Colour::kDim, absl::StrCat(name, ":")), "\n");
  for (const absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
    absl::StrAppend(&text_, "      ", Escaped(line), "\n");
  }
  return *this;
}

}  // namespace spool::cli

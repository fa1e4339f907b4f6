#include "server/job/field_check.h"

#include "absl/strings/str_cat.h"
#include "server/base/errors.h"
#include "server/base/proto_time.h"
#include "server/job/output_name.h"

namespace spool::job {

absl::Status CheckDuration(absl::string_view field, const google::protobuf::Duration& duration, absl::Duration least,
                           absl::Duration most) {
  if (duration.nanos() <= -1000000000 || duration.nanos() >= 1000000000 ||
      (duration.seconds() != 0 && duration.nanos() != 0 && (duration.seconds() < 0) != (duration.nanos() < 0))) {
    return FieldError(field, "is not a valid duration");
  }
  const absl::Duration value = FromProto(duration);
  if (value < least || value > most) {
    return FieldError(field, absl::StrCat("must be ", absl::FormatDuration(least), " to ", absl::FormatDuration(most)));
  }
  return absl::OkStatus();
}

absl::Status CheckText(absl::string_view field, absl::string_view text, size_t max_bytes) {
  if (text.size() > max_bytes) return FieldError(field, absl::StrCat("is longer than ", max_bytes, " bytes"));
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return FieldError(field, "has a control character");
  }
  return absl::OkStatus();
}

absl::Status CheckOutputPath(absl::string_view field, absl::string_view path) {
  if (absl::Status status = CheckRelativePath(path); !status.ok()) return FieldError(field, status.message());
  if (path.front() == '.') return FieldError(field, "must not begin with a dot");
  return absl::OkStatus();
}

}  // namespace spool::job

// Checks that many fields share. Each error is a FieldError that names `field`.

#ifndef SPOOL_SERVER_JOB_FIELD_CHECK_H_
#define SPOOL_SERVER_JOB_FIELD_CHECK_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"

namespace spool::job {

// Longest length of time that anything about media or jobs may have.
inline constexpr absl::Duration kLongest = absl::Hours(24 * 365);

// A valid google.protobuf.Duration from `least` to `most`.
absl::Status CheckDuration(absl::string_view field, const google::protobuf::Duration& duration, absl::Duration least,
                           absl::Duration most);

// At most `max_bytes`, without control characters.
absl::Status CheckText(absl::string_view field, absl::string_view text, size_t max_bytes);

// Where an output may go, as far as its name alone can tell: CheckRelativePath, and not hidden.
absl::Status CheckOutputPath(absl::string_view field, absl::string_view path);

}  // namespace spool::job

#endif  // SPOOL_SERVER_JOB_FIELD_CHECK_H_

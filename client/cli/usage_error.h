// Errors that are the caller's typing: shown with a hint at --help, exit code 2.

#ifndef SPOOL_CLIENT_CLI_USAGE_ERROR_H_
#define SPOOL_CLIENT_CLI_USAGE_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"

namespace spool::cli {

inline constexpr absl::string_view kUsageErrorMark = "spool/usage";

// INVALID_ARGUMENT, marked so that it is not taken for a server's.
inline absl::Status UsageError(absl::string_view message) {
  absl::Status status = absl::InvalidArgumentError(message);
  status.SetPayload(kUsageErrorMark, absl::Cord());
  return status;
}

inline bool IsUsageError(const absl::Status& status) { return status.GetPayload(kUsageErrorMark).has_value(); }

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_USAGE_ERROR_H_

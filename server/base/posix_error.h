// errno as absl::Status.

#ifndef SPOOL_SERVER_BASE_POSIX_ERROR_H_
#define SPOOL_SERVER_BASE_POSIX_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace spool {

// "what: reason", with the code that fits `error_number`: ENOENT NotFound, EACCES PermissionDenied, EEXIST
// AlreadyExists, ENOSPC, EDQUOT, EFBIG, ENOMEM and EMFILE ResourceExhausted, ELOOP, ENAMETOOLONG, ENOTDIR and EXDEV
// InvalidArgument, the rest Internal.
absl::Status PosixError(int error_number, absl::string_view what);

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_POSIX_ERROR_H_

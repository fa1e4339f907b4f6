#include "server/base/posix_error.h"

#include <errno.h>
#include <string.h>

#include "absl/strings/str_cat.h"

namespace spool {
namespace {

absl::StatusCode CodeOf(int error_number) {
  switch (error_number) {
    case ENOENT:
      return absl::StatusCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    case EEXIST:
      return absl::StatusCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return absl::StatusCode::kResourceExhausted;
    case ELOOP:
    case ENAMETOOLONG:
    case ENOTDIR:
    case EXDEV:
    case EISDIR:
      return absl::StatusCode::kInvalidArgument;
    default:
      return absl::StatusCode::kInternal;
  }
}

}  // namespace

absl::Status PosixError(int error_number, absl::string_view what) {
  // strerror_r in its GNU form returns the text, which need not lie in the buffer.
  char buffer[128];
  return absl::Status(CodeOf(error_number), absl::StrCat(what, ": ", strerror_r(error_number, buffer, sizeof(buffer))));
}

}  // namespace spool

#include "server/base/random_bytes.h"

#include <errno.h>
#include <unistd.h>

#include "server/base/posix_error.h"

namespace spool {

absl::StatusOr<std::string> RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  if (getentropy(bytes.data(), bytes.size()) != 0) return PosixError(errno, "getentropy");
  return bytes;
}

}  // namespace spool

// Random bytes that nobody can guess.

#ifndef SPOOL_SERVER_BASE_RANDOM_BYTES_H_
#define SPOOL_SERVER_BASE_RANDOM_BYTES_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace spool {

// From the kernel; at most 256. Internal: it has none.
absl::StatusOr<std::string> RandomBytes(size_t count);

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_RANDOM_BYTES_H_

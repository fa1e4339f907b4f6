// The output's fingerprint.

#ifndef SPOOL_SERVER_WORKER_SHA256_H_
#define SPOOL_SERVER_WORKER_SHA256_H_

#include <string>

#include "absl/status/statusor.h"

namespace spool::worker {

// Loads what OpenSSL needs, which a sandboxed child could not.
void PrepareSha256();

// SHA-256 of the whole file as 64 lower-case hex digits.
absl::StatusOr<std::string> Sha256OfFile(int fd);

}  // namespace spool::worker

#endif  // SPOOL_SERVER_WORKER_SHA256_H_

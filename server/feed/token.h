// Resume tokens: a place in one log, as text that clients keep and do not look into.

#ifndef SPOOL_SERVER_FEED_TOKEN_H_
#define SPOOL_SERVER_FEED_TOKEN_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spool::feed {

struct Position {
  uint64_t log_id = 0;
  // The last event that is known: what follows it is wanted. 0 or more.
  int64_t sequence = 0;
};

// Base64url of version, log id, sequence and a checksum: no character that needs escaping in a URL, a header or an SSE
// id. It holds no filter and no right: it is not an authorisation.
std::string EncodeToken(const Position& position);

// INVALID_ARGUMENT (RESUME_TOKEN_MALFORMED) for anything that EncodeToken did not make.
absl::StatusOr<Position> DecodeToken(absl::string_view token);

}  // namespace spool::feed

#endif  // SPOOL_SERVER_FEED_TOKEN_H_

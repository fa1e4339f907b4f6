// HMAC-SHA256 (RFC 2104), by OpenSSL.

#ifndef SPOOL_SERVER_BASE_HMAC_SHA256_H_
#define SPOOL_SERVER_BASE_HMAC_SHA256_H_

#include <string>

#include "absl/strings/string_view.h"

namespace spool {

// The 32 bytes.
std::string HmacSha256(absl::string_view key, absl::string_view message);

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_HMAC_SHA256_H_

#include "server/base/hmac_sha256.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace spool {

std::string HmacSha256(absl::string_view key, absl::string_view message) {
  std::string code(32, '\0');
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(message.data()),
       message.size(), reinterpret_cast<unsigned char*>(code.data()), &size);
  return code;
}

}  // namespace spool

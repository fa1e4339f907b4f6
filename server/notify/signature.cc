#include "server/notify/signature.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/base/hmac_sha256.h"

namespace spool::notify {
namespace {

constexpr size_t kMinKeyBytes = 24;
constexpr size_t kMaxKeyBytes = 64;

}  // namespace

absl::StatusOr<std::string> KeyOfSecret(absl::string_view secret) {
  if (!absl::ConsumePrefix(&secret, "whsec_")) return absl::InvalidArgumentError("must begin with whsec_");
  std::string key;
  // Written back: Abseil passes over spaces and missing padding, other libraries do not, and both sides must agree.
  if (!absl::Base64Unescape(secret, &key) || absl::Base64Escape(key) != secret) {
    return absl::InvalidArgumentError("must be base64 with padding after whsec_");
  }
  if (key.size() < kMinKeyBytes || key.size() > kMaxKeyBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("must hold ", kMinKeyBytes, " to ", kMaxKeyBytes, " bytes, not ", key.size()));
  }
  return key;
}

std::string Signature(absl::Span<const std::string> keys, absl::string_view id, absl::Time timestamp,
                      absl::string_view body) {
  const std::string content = absl::StrCat(id, ".", absl::ToUnixSeconds(timestamp), ".", body);
  std::string signature;
  for (const std::string& key : keys) {
    absl::StrAppend(&signature, signature.empty() ? "" : " ", "v1,", absl::Base64Escape(HmacSha256(key, content)));
  }
  return signature;
}

}  // namespace spool::notify

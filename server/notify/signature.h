// Signatures as Standard Webhooks has them (https://www.standardwebhooks.com).

#ifndef SPOOL_SERVER_NOTIFY_SIGNATURE_H_
#define SPOOL_SERVER_NOTIFY_SIGNATURE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace spool::notify {

// The key in "whsec_" and base64 of 24 to 64 bytes. InvalidArgument, which does not repeat the secret.
absl::StatusOr<std::string> KeyOfSecret(absl::string_view secret);

// Value of `webhook-signature`: one "v1," and base64 for each key, separated by spaces. It signs what the receiver sees
// as `webhook-id`, `webhook-timestamp` (whole seconds) and body.
std::string Signature(absl::Span<const std::string> keys, absl::string_view id, absl::Time timestamp,
                      absl::string_view body);

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_SIGNATURE_H_

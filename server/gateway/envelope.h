// Frames of Connect's streams and of gRPC-Web: a byte of flags, four of length (most significant first), the payload.

#ifndef SPOOL_SERVER_GATEWAY_ENVELOPE_H_
#define SPOOL_SERVER_GATEWAY_ENVELOPE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/gateway/bytes.h"

namespace spool::gateway {

inline constexpr uint8_t kPlainMessage = 0;
inline constexpr uint8_t kCompressed = 1;
inline constexpr uint8_t kConnectEnd = 2;
inline constexpr uint8_t kGrpcWebTrailers = 0x80;

Bytes Envelope(uint8_t flags, Bytes payload);

// The payload of a body that is one plain frame. UNIMPLEMENTED: none, or more than one. INVALID_ARGUMENT: cut short, or
// a flag that a request must not have. INTERNAL: compressed, which was not agreed on.
absl::StatusOr<std::string> OnlyMessage(absl::string_view body);

// Base64, in groups of four that may each end a stretch with padding. INVALID_ARGUMENT (REQUEST_MALFORMED).
absl::StatusOr<std::string> DecodeBase64Stretches(absl::string_view text);

// The status as lines of trailers: grpc-status, grpc-message, grpc-status-details-bin.
std::string GrpcWebTrailers(const absl::Status& status);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_ENVELOPE_H_

// What a request says of the protocol it speaks.

#ifndef SPOOL_SERVER_GATEWAY_RPC_PROTOCOL_H_
#define SPOOL_SERVER_GATEWAY_RPC_PROTOCOL_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/gateway/exchange.h"
#include "server/gateway/stream_format.h"

namespace spool::gateway {

enum class ProtocolKind { kConnectUnary, kConnectStream, kGrpcWeb, kGrpcWebText };

struct Protocol {
  ProtocolKind kind = ProtocolKind::kConnectUnary;
  Codec codec = Codec::kProto;
  // As the content-type had it: "", "+proto", "+json".
  std::string subtype;
  bool grpc_web() const { return kind == ProtocolKind::kGrpcWeb || kind == ProtocolKind::kGrpcWebText; }
};

// nullopt: none that we speak.
std::optional<Protocol> ProtocolOf(absl::string_view content_type);

// What 415 answers name.
inline constexpr char kAcceptPost[] =
    "application/json, application/proto, application/connect+json, application/connect+proto, "
    "application/grpc-web+proto, application/grpc-web-text+proto";

// The time the client gives the call; infinite when it says nothing. INVALID_ARGUMENT: malformed.
absl::StatusOr<absl::Duration> TimeoutOf(const Protocol& protocol, const Request& request);

// UNIMPLEMENTED: the request's body is compressed; we take only identity. INVALID_ARGUMENT: a version of Connect that
// is not 1.
absl::Status CheckHeaders(const Protocol& protocol, const Request& request);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_RPC_PROTOCOL_H_

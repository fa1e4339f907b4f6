#include "server/gateway/rpc_protocol.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/base/errors.h"

namespace spool::gateway {
namespace {

bool AllDigits(absl::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isdigit(c)) return false;
  }
  return !text.empty();
}

absl::Status BadTimeout(absl::string_view header, absl::string_view value) {
  return Error(absl::StatusCode::kInvalidArgument, "TIMEOUT_MALFORMED",
               absl::StrCat("the header ", header, " has the value \"", value.substr(0, 32), "\""));
}

absl::StatusOr<absl::Duration> ConnectTimeout(absl::string_view value) {
  int64_t milliseconds = 0;
  if (value.size() > 10 || !AllDigits(value) || !absl::SimpleAtoi(value, &milliseconds)) {
    return BadTimeout("connect-timeout-ms", value);
  }
  return absl::Milliseconds(milliseconds);
}

absl::StatusOr<absl::Duration> GrpcTimeout(absl::string_view value) {
  int64_t amount = 0;
  const absl::string_view digits = value.substr(0, value.empty() ? 0 : value.size() - 1);
  if (digits.size() > 8 || !AllDigits(digits) || !absl::SimpleAtoi(digits, &amount)) {
    return BadTimeout("grpc-timeout", value);
  }
  switch (value.back()) {
    case 'H':
      return absl::Hours(amount);
    case 'M':
      return absl::Minutes(amount);
    case 'S':
      return absl::Seconds(amount);
    case 'm':
      return absl::Milliseconds(amount);
    case 'u':
      return absl::Microseconds(amount);
    case 'n':
      return absl::Nanoseconds(amount);
    default:
      return BadTimeout("grpc-timeout", value);
  }
}

}  // namespace

std::optional<Protocol> ProtocolOf(absl::string_view content_type) {
  if (content_type == "application/json") return Protocol{ProtocolKind::kConnectUnary, Codec::kJson, ""};
  if (content_type == "application/proto") return Protocol{ProtocolKind::kConnectUnary, Codec::kProto, ""};
  if (content_type == "application/connect+json") return Protocol{ProtocolKind::kConnectStream, Codec::kJson, ""};
  if (content_type == "application/connect+proto") return Protocol{ProtocolKind::kConnectStream, Codec::kProto, ""};
  Protocol protocol;
  if (!absl::ConsumePrefix(&content_type, "application/grpc-web")) return std::nullopt;
  protocol.kind = absl::ConsumePrefix(&content_type, "-text") ? ProtocolKind::kGrpcWebText : ProtocolKind::kGrpcWeb;
  if (content_type == "+json") {
    protocol.codec = Codec::kJson;
  } else if (!content_type.empty() && content_type != "+proto") {
    return std::nullopt;
  }
  protocol.subtype = std::string(content_type);
  return protocol;
}

absl::StatusOr<absl::Duration> TimeoutOf(const Protocol& protocol, const Request& request) {
  const absl::string_view value = request.Header(protocol.grpc_web() ? "grpc-timeout" : "connect-timeout-ms");
  if (value.empty()) return absl::InfiniteDuration();
  return protocol.grpc_web() ? GrpcTimeout(value) : ConnectTimeout(value);
}

absl::Status CheckHeaders(const Protocol& protocol, const Request& request) {
  // Of each message, for protocols with frames; and of the body as a whole.
  const char* const of_messages = protocol.grpc_web() ? "grpc-encoding" : "connect-content-encoding";
  for (const char* name : {of_messages, "content-encoding"}) {
    const absl::string_view encoding = request.Header(name);
    if (!encoding.empty() && encoding != "identity") {
      return Error(absl::StatusCode::kUnimplemented, "ENCODING_UNKNOWN",
                   absl::StrCat(name, " \"", encoding.substr(0, 32), "\" is not known; supported: identity"));
    }
  }
  const absl::string_view version = request.Header("connect-protocol-version");
  if (!protocol.grpc_web() && !version.empty() && version != "1") {
    return Error(absl::StatusCode::kInvalidArgument, "CONNECT_VERSION_UNKNOWN",
                 absl::StrCat("connect-protocol-version \"", version.substr(0, 32), "\" is not known; supported: 1"));
  }
  return absl::OkStatus();
}

}  // namespace spool::gateway

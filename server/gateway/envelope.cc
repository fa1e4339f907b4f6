#include "server/gateway/envelope.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/rpc/status.pb.h"
#include "server/base/errors.h"
#include "server/base/status_proto.h"

namespace spool::gateway {
namespace {

constexpr size_t kPrefix = 5;

absl::Status Malformed(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "REQUEST_MALFORMED", why);
}

}  // namespace

Bytes Envelope(uint8_t flags, Bytes payload) {
  const auto size = static_cast<uint32_t>(payload.size());
  Bytes bytes;
  bytes.Append(std::string({static_cast<char>(flags), static_cast<char>(size >> 24), static_cast<char>(size >> 16),
                            static_cast<char>(size >> 8), static_cast<char>(size)}));
  bytes.Append(std::move(payload));
  return bytes;
}

absl::StatusOr<std::string> OnlyMessage(absl::string_view body) {
  if (body.empty()) {
    return Error(absl::StatusCode::kUnimplemented, "REQUEST_MALFORMED", "the call takes one message, and none came");
  }
  if (body.size() < kPrefix) return Malformed("the message's prefix is cut short");
  const auto flags = static_cast<uint8_t>(body[0]);
  if (flags == kCompressed) {
    return Error(absl::StatusCode::kInternal, "REQUEST_MALFORMED",
                 "the message is said to be compressed, and no compression was agreed on");
  }
  if (flags != kPlainMessage) return Malformed(absl::StrFormat("the message has flags 0x%02x", flags));
  uint32_t size = 0;
  for (size_t i = 1; i < kPrefix; ++i) size = size << 8 | static_cast<uint8_t>(body[i]);
  body.remove_prefix(kPrefix);
  if (body.size() < size) {
    return Malformed(absl::StrCat("the message is cut short: ", body.size(), " of ", size, " bytes came"));
  }
  if (body.size() > size) {
    return Error(absl::StatusCode::kUnimplemented, "REQUEST_MALFORMED", "the call takes one message, and more came");
  }
  return std::string(body);
}

absl::StatusOr<std::string> DecodeBase64Stretches(absl::string_view text) {
  if (text.size() % 4 != 0) return Malformed("the body's base64 is cut short");
  std::string decoded;
  decoded.reserve(text.size() / 4 * 3);
  while (!text.empty()) {
    const size_t padding = text.find('=');
    const size_t end = padding == absl::string_view::npos ? text.size() : (padding / 4 + 1) * 4;
    std::string stretch;
    // Abseil's passes over white space, which has no place here.
    if (text.substr(0, end).find_first_of(" \t\r\n\v\f.") != absl::string_view::npos ||
        !absl::Base64Unescape(text.substr(0, end), &stretch)) {
      return Malformed("the body is not base64");
    }
    decoded += stretch;
    text.remove_prefix(end);
  }
  return decoded;
}

std::string GrpcWebTrailers(const absl::Status& status) {
  if (status.ok()) return "grpc-status: 0\r\n";
  const google::rpc::Status details = StatusProto(status);
  std::string message;
  for (const char c : details.message()) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e || c == '%') {
      absl::StrAppendFormat(&message, "%%%02X", byte);
    } else {
      message += c;
    }
  }
  return absl::StrCat("grpc-status: ", details.code(), "\r\ngrpc-message: ", message,
                      "\r\ngrpc-status-details-bin: ", absl::Base64Escape(details.SerializeAsString()), "\r\n");
}

}  // namespace spool::gateway

#include "server/gateway/exchange.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "server/gateway/connect_error.h"

namespace spool::gateway {

absl::string_view Request::Header(absl::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

std::string Request::ContentType() const {
  const absl::string_view value = Header("content-type");
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(value.substr(0, value.find(';'))));
}

Reply ErrorReply(const absl::Status& status) {
  Reply reply;
  reply.status = HttpStatus(status.code());
  reply.content_type = "application/json";
  reply.body = ConnectErrorJson(status);
  return reply;
}

}  // namespace spool::gateway

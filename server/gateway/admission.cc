#include "server/gateway/admission.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/base/errors.h"

namespace spool::gateway {
namespace {

constexpr char kAllowHeaders[] =
    "Content-Type, Connect-Protocol-Version, Connect-Timeout-Ms, Connect-Accept-Encoding, Connect-Content-Encoding, "
    "Grpc-Timeout, X-Grpc-Web, X-User-Agent, Authorization, Last-Event-ID, Range";
constexpr char kExposeHeaders[] =
    "Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin, Content-Range, Accept-Ranges, Content-Disposition, "
    "Retry-After, ETag";
// Chrome keeps a preflight's answer for two hours at most.
constexpr char kMaxAge[] = "7200";

// Without the port. "[::1]:8080" gives "[::1]".
absl::string_view NameOf(absl::string_view host) {
  if (absl::StartsWith(host, "[")) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool IsIpAddress(absl::string_view name) {
  if (absl::StartsWith(name, "[")) return absl::EndsWith(name, "]");
  // No top-level domain is a number, so what ends with a number is an address.
  const size_t dot = name.rfind('.');
  const absl::string_view last = dot == absl::string_view::npos ? name : name.substr(dot + 1);
  return !last.empty() && std::all_of(last.begin(), last.end(), [](char c) { return absl::ascii_isdigit(c); });
}

Reply Refusal(int status, absl::StatusCode code, absl::string_view reason, absl::string_view message) {
  Reply reply = ErrorReply(Error(code, reason, message));
  reply.status = status;
  return reply;
}

}  // namespace

bool Admission::KnowsHost(absl::string_view host) const {
  const absl::string_view name = NameOf(host);
  if (absl::EqualsIgnoreCase(name, "localhost") || IsIpAddress(name)) return true;
  return std::any_of(options_.hosts.begin(), options_.hosts.end(), [&](const std::string& known) {
    return absl::EqualsIgnoreCase(known, name) || absl::EqualsIgnoreCase(known, host);
  });
}

bool Admission::IsListed(absl::string_view origin) const {
  return std::find(options_.origins.begin(), options_.origins.end(), origin) != options_.origins.end();
}

bool Admission::IsOwn(absl::string_view origin, absl::string_view host) {
  // The scheme is left out: a proxy in front of us may speak TLS.
  if (!absl::ConsumePrefix(&origin, "http://") && !absl::ConsumePrefix(&origin, "https://")) return false;
  return !host.empty() && absl::EqualsIgnoreCase(origin, host);
}

std::optional<Reply> Admission::Answer(const Request& request, bool http_1_1) const {
  const absl::string_view host = request.Header("host");
  if (host.empty() && http_1_1) {
    return Refusal(400, absl::StatusCode::kInvalidArgument, "HOST_MISSING", "the request has no Host header");
  }
  if (!host.empty() && !KnowsHost(host)) {
    return Refusal(421, absl::StatusCode::kPermissionDenied, "HOST_UNKNOWN",
                   absl::StrCat("this server does not answer to the name \"", host.substr(0, 255),
                                "\"; --http_hosts allows names"));
  }
  const absl::string_view origin = request.Header("origin");
  if (origin.empty()) {
    if (request.method != "OPTIONS") return std::nullopt;
    Reply reply;
    reply.status = 204;
    return reply;
  }
  if (!IsOwn(origin, host) && !IsListed(origin)) {
    return Refusal(403, absl::StatusCode::kPermissionDenied, "ORIGIN_DENIED",
                   absl::StrCat("pages of \"", origin.substr(0, 255),
                                "\" may not call this server; --http_origins "
                                "allows origins"));
  }
  if (request.method != "OPTIONS") return std::nullopt;
  Reply reply;
  reply.status = 204;
  reply.headers = {{"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE"},
                   {"Access-Control-Allow-Headers", kAllowHeaders},
                   {"Access-Control-Max-Age", kMaxAge}};
  return reply;
}

Headers Admission::AnswerHeaders(const Request& request) const {
  const absl::string_view origin = request.Header("origin");
  Headers headers = {{"Vary", request.method == "OPTIONS"
                                  ? "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
                                  : "Origin"}};
  if (origin.empty() || !IsListed(origin)) return headers;
  headers.emplace_back("Access-Control-Allow-Origin", origin);
  headers.emplace_back("Access-Control-Allow-Credentials", "true");
  headers.emplace_back("Access-Control-Expose-Headers", kExposeHeaders);
  return headers;
}

}  // namespace spool::gateway

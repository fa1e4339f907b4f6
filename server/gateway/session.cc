#include "server/gateway/session.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/base/errors.h"

namespace spool::gateway {
namespace {

constexpr char kName[] = "spool_session";
// Thirty days.
constexpr int kMaxAge = 30 * 24 * 3600;

std::string Cookie(absl::string_view value, int max_age, bool tls) {
  return absl::StrCat(kName, "=", value, "; Path=/; HttpOnly; SameSite=Strict; Max-Age=", max_age,
                      tls ? "; Secure" : "");
}

// What RFC 6265 lets into a cookie without quotes, and RFC 6750 into a token.
bool IsPlain(absl::string_view token) {
  for (const char c : token) {
    if (!absl::ascii_isalnum(c) && absl::string_view("-._~+/=").find(c) == absl::string_view::npos) return false;
  }
  return !token.empty();
}

}  // namespace

std::string SessionTokenOf(const Request& request) {
  for (absl::string_view pair : absl::StrSplit(request.Header("cookie"), ';')) {
    pair = absl::StripAsciiWhitespace(pair);
    if (absl::ConsumePrefix(&pair, absl::StrCat(kName, "=")) && IsPlain(pair)) return std::string(pair);
  }
  return "";
}

Reply BeginSession(const Request& request, bool open, bool tls) {
  Reply reply;
  reply.status = 204;
  if (open) return reply;
  absl::string_view token = request.Header("authorization");
  if (token.size() < 7 || !absl::EqualsIgnoreCase(token.substr(0, 7), "bearer ") ||
      !IsPlain(absl::StripAsciiWhitespace(token.substr(7)))) {
    return ErrorReply(Error(absl::StatusCode::kInvalidArgument, "TOKEN_MISSING",
                            "a session begins with the header Authorization: Bearer TOKEN"));
  }
  reply.headers.emplace_back("Set-Cookie", Cookie(absl::StripAsciiWhitespace(token.substr(7)), kMaxAge, tls));
  return reply;
}

Reply EndSession(bool tls) {
  Reply reply;
  reply.status = 204;
  reply.headers.emplace_back("Set-Cookie", Cookie("", 0, tls));
  return reply;
}

}  // namespace spool::gateway

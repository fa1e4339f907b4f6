#include "server/gateway/site.h"

#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/web/files.h"

namespace spool::gateway {
namespace {

// Scripts and styles only from files of ours; nothing from, and to, anywhere else; no frames around it.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

bool TakesGzip(const Request& request) {
  for (absl::string_view coding : absl::StrSplit(request.Header("accept-encoding"), ',')) {
    coding = absl::StripAsciiWhitespace(coding);
    const size_t semicolon = coding.find(';');
    if (absl::StripAsciiWhitespace(coding.substr(0, semicolon)) != "gzip") continue;
    if (semicolon == absl::string_view::npos) return true;
    const absl::string_view weight = absl::StripAsciiWhitespace(coding.substr(semicolon + 1));
    return weight != "q=0" && weight != "q=0.0" && weight != "q=0.00" && weight != "q=0.000";
  }
  return false;
}

}  // namespace

std::optional<Reply> SiteReply(const Request& request) {
  const absl::string_view known_etag = request.Header("if-none-match");
  for (const web::WebFile& file : web::WebFiles()) {
    if (file.path != request.target.path) continue;
    const bool gzip = TakesGzip(request);
    // Another representation, so another tag.
    std::string etag(file.etag);
    if (gzip) etag.insert(etag.size() - 1, "-gz");
    Reply reply;
    reply.headers = {{"ETag", etag},
                     {"Cache-Control", file.immutable ? "public, max-age=31536000, immutable" : "no-cache"},
                     {"Content-Security-Policy", kPolicy},
                     {"Cross-Origin-Opener-Policy", "same-origin"},
                     {"Cross-Origin-Resource-Policy", "same-origin"},
                     {"Referrer-Policy", "no-referrer"},
                     {"Vary", "Accept-Encoding"}};
    if (known_etag == etag) {
      reply.status = 304;
      return reply;
    }
    reply.content_type = std::string(file.content_type);
    if (gzip) {
      reply.headers.emplace_back("Content-Encoding", "gzip");
      reply.body = std::string(file.gzip_body);
    } else {
      reply.body = std::string(file.body);
    }
    return reply;
  }
  return std::nullopt;
}

}  // namespace spool::gateway

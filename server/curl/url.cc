#include "server/curl/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace spool::curl {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
  void operator()(char* text) const { curl_free(text); }
};

// A part of the URL; empty when it has none.
std::string Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* raw = nullptr;
  if (curl_url_get(url, part, &raw, flags) != CURLUE_OK) return "";
  const std::unique_ptr<char, FreeText> text(raw);
  return text.get();
}

}  // namespace

std::string Url::Origin() const {
  const bool usual = (scheme == "https" && port == 443) || (scheme == "http" && port == 80);
  return usual ? absl::StrCat(scheme, "://", host) : absl::StrCat(scheme, "://", host, ":", port);
}

absl::StatusOr<Url> ParseUrl(const std::string& text) {
  // libcurl stops at a NUL, and passes others on.
  if (!std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isgraph(c); })) {
    return absl::InvalidArgumentError("has a character that no URL has");
  }
  const std::unique_ptr<CURLU, FreeUrl> handle(curl_url());
  if (handle == nullptr) return absl::ResourceExhaustedError("curl_url");
  const CURLUcode code = curl_url_set(handle.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME);
  if (code != CURLUE_OK) return absl::InvalidArgumentError(absl::StrCat("is no URL: ", curl_url_strerror(code)));
  Url url;
  url.scheme = Part(handle.get(), CURLUPART_SCHEME);
  url.host = Part(handle.get(), CURLUPART_HOST);
  if (url.host.empty()) return absl::InvalidArgumentError("names no host");
  if (!absl::SimpleAtoi(Part(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT), &url.port)) url.port = 0;
  url.has_user = !Part(handle.get(), CURLUPART_USER).empty() || !Part(handle.get(), CURLUPART_PASSWORD).empty();
  url.has_fragment = !Part(handle.get(), CURLUPART_FRAGMENT).empty();
  return url;
}

}  // namespace spool::curl

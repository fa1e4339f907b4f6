// URLs, read as the client will read them.

#ifndef SPOOL_SERVER_CURL_URL_H_
#define SPOOL_SERVER_CURL_URL_H_

#include <string>

#include "absl/status/statusor.h"

namespace spool::curl {

struct Url {
  std::string scheme;  // lower case
  std::string host;    // an IPv6 address is in brackets
  int port = 0;        // the scheme's own when none is written
  bool has_user = false;
  bool has_fragment = false;

  // "https://example.org", with the port unless it is the scheme's own.
  std::string Origin() const;
};

// InvalidArgument, which does not repeat the text: a URL may hold a secret. Only for schemes that name their host.
absl::StatusOr<Url> ParseUrl(const std::string& text);

}  // namespace spool::curl

#endif  // SPOOL_SERVER_CURL_URL_H_

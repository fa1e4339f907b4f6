#include "server/notify/carrier.h"

#include "absl/strings/ascii.h"

namespace spool::notify {

std::string Excerpt(absl::string_view body) {
  std::string excerpt(absl::StripAsciiWhitespace(body.substr(0, 256)));
  for (char& c : excerpt) {
    if (!absl::ascii_isprint(c)) c = absl::ascii_isspace(c) ? ' ' : '.';
  }
  return excerpt;
}

}  // namespace spool::notify

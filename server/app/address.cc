#include "server/app/address.h"

#include <arpa/inet.h>

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace spool::app {

absl::Status CheckLoopback(absl::string_view flag, absl::string_view address) {
  const size_t colon = address.rfind(':');
  int port = -1;
  if (colon == absl::string_view::npos || colon == 0 || !absl::SimpleAtoi(address.substr(colon + 1), &port) ||
      port < 0 || port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("--", flag, "=", address, " is not host:port"));
  }
  const std::string host(address.substr(0, colon));
  in_addr ip4;
  const bool loopback = host == "localhost" || host == "[::1]" ||
                        (inet_pton(AF_INET, host.c_str(), &ip4) == 1 && (ntohl(ip4.s_addr) >> 24) == 127);
  if (loopback) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("--", flag, "=", address,
                   " can be reached from other machines, and there is neither TLS nor a login: anybody there could use "
                   "this server. Say --allow_unprotected_network if that is meant."));
}

}  // namespace spool::app

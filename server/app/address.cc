#include "server/app/address.h"

#include <arpa/inet.h>

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace spool::app {

absl::Status CheckReachable(absl::string_view flag, absl::string_view address, const Protection& protection) {
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
  if (loopback || (protection.tls && protection.login)) return absl::OkStatus();
  const char* const missing =
      protection.tls ? "there is no login: anybody there could use this server. Give it --token_file or --tls_client_ca"
      : protection.login
          ? "there is no TLS: anybody on the way could take a token and use it. Give it --tls_cert and --tls_key"
          : "there is neither TLS nor a login: anybody there could use this server. Give it --tls_cert, "
            "--tls_key and --token_file";
  return absl::FailedPreconditionError(absl::StrCat("--", flag, "=", address,
                                                    " can be reached from other machines, and ", missing,
                                                    ", or say --allow_unprotected_network if that is meant."));
}

}  // namespace spool::app

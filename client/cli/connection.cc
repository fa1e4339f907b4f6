#include "client/cli/connection.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

// Of the flag, or else the variable.
std::string ValueOf(absl::string_view flag, const char* variable, const Arguments& arguments,
                    const Environment& environment) {
  return arguments.Has(flag) ? arguments.Get(flag) : environment.variable(variable);
}

absl::StatusOr<std::string> ReadTextFile(absl::string_view flag, const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad() || text.empty()) {
    return absl::FailedPreconditionError(absl::StrCat("--", flag, ": ", path, " cannot be read, or is empty"));
  }
  return text;
}

}  // namespace

std::string ServerAddress(const Arguments& arguments, const Environment& environment) {
  const std::string given = ValueOf("server", "SPOOL_SERVER", arguments, environment);
  return given.empty() && !arguments.Has("server") ? kDefaultServer : given;
}

absl::StatusOr<client::ChannelOptions> ChannelOf(const Arguments& arguments, const Environment& environment) {
  client::ChannelOptions options;
  SPOOL_ASSIGN_OR_RETURN(options.tls_ca,
                         ReadTextFile("tls-ca", ValueOf("tls-ca", "SPOOL_TLS_CA", arguments, environment)));
  SPOOL_ASSIGN_OR_RETURN(options.tls_cert, ReadTextFile("tls-cert", arguments.Get("tls-cert")));
  SPOOL_ASSIGN_OR_RETURN(options.tls_key, ReadTextFile("tls-key", arguments.Get("tls-key")));
  options.tls = arguments.Has("tls") || !options.tls_ca.empty() || !options.tls_cert.empty();
  if (arguments.Has("token-file")) {
    SPOOL_ASSIGN_OR_RETURN(const std::string text, ReadTextFile("token-file", arguments.Get("token-file")));
    options.token = std::string(absl::StripAsciiWhitespace(text));
  } else {
    options.token = ValueOf("token", "SPOOL_TOKEN", arguments, environment);
  }
  options.allow_plaintext_token = arguments.Has("allow-plaintext-token");
  absl::Status status = client::CheckChannel(ServerAddress(arguments, environment), options);
  if (absl::IsFailedPrecondition(status)) {
    status = absl::FailedPreconditionError(
        absl::StrCat(status.message(), ". Use --tls or --tls-ca, or say --allow-plaintext-token"));
  }
  SPOOL_RETURN_IF_ERROR(status);
  return options;
}

std::vector<Flag> ConnectionFlags() {
  return {
      {"server", "HOST:PORT", absl::StrCat("The server; ", kDefaultServer, " by default.")},
      {"tls", "", "Speak TLS; the server's certificate must come from one of the system's roots."},
      {"tls-ca", "FILE", "Speak TLS; the server's certificate must come from one of the roots in this PEM file."},
      {"tls-cert", "FILE", "Show this certificate (PEM) to a server that asks for one; with --tls-key."},
      {"tls-key", "FILE", "The key (PEM) of --tls-cert."},
      {"token-file", "FILE", "File that holds the token to show to the server, and nothing else."},
      {"token", "TOKEN", "The token itself. Other users of this machine may see it: a file or SPOOL_TOKEN is better."},
      {"allow-plaintext-token", "",
       "Send the token also without TLS to another machine, where anybody on the way can take it."},
  };
}

}  // namespace spool::cli

// How the command line says to reach the server.

#ifndef SPOOL_CLIENT_CLI_CONNECTION_H_
#define SPOOL_CLIENT_CLI_CONNECTION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/arguments.h"
#include "client/cli/environment.h"
#include "client/cpp/channel.h"

namespace spool::cli {

inline constexpr char kDefaultServer[] = "127.0.0.1:50051";

// host:port, from --server or SPOOL_SERVER.
std::string ServerAddress(const Arguments& arguments, const Environment& environment);

// The flags below, and SPOOL_TLS_CA and SPOOL_TOKEN. InvalidArgument or FailedPrecondition: a file cannot be read, or
// as client::CheckChannel.
absl::StatusOr<client::ChannelOptions> ChannelOf(const Arguments& arguments, const Environment& environment);

std::vector<Flag> ConnectionFlags();

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_CONNECTION_H_

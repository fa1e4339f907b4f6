// gRPC channels with the settings that suit Spool.

#ifndef SPOOL_CLIENT_CPP_CHANNEL_H_
#define SPOOL_CLIENT_CPP_CHANNEL_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "grpcpp/channel.h"

namespace spool::client {

// A plaintext channel to `address` with a connection of its own, even if there are others to the same address.
// Notices a dead peer within 40 s while a call is open, and tries a lost server again every 2 s at least.
std::shared_ptr<grpc::Channel> MakeChannel(absl::string_view address);

}  // namespace spool::client

#endif  // SPOOL_CLIENT_CPP_CHANNEL_H_

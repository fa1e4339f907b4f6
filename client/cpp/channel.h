// gRPC channels with the settings that suit Spool.

#ifndef SPOOL_CLIENT_CPP_CHANNEL_H_
#define SPOOL_CLIENT_CPP_CHANNEL_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpcpp/channel.h"

namespace spool::client {

// How a server is reached, and who asks. Certificates and keys are PEM texts.
struct ChannelOptions {
  // TLS; the server must have a certificate for the address's host.
  bool tls = false;
  // Roots that the server's certificate must come from; empty: those of the system.
  std::string tls_ca;
  // Our own certificate with those between it and its root, and its key, for a server that asks; or neither.
  std::string tls_cert;
  std::string tls_key;
  // Bearer token, sent with every call; may be empty.
  std::string token;
  // Sends the token also where anybody on the way can read it: without TLS, to another machine.
  bool allow_plaintext_token = false;
};

// FailedPrecondition: these options would send the token in the open, and do not allow that. InvalidArgument: no
// address, a certificate without its key or the reverse, either or roots without TLS, or a token that is none.
absl::Status CheckChannel(absl::string_view address, const ChannelOptions& options);

// A channel to `address` with a connection of its own, even if there are others to the same address. Notices a dead
// peer within 40 s while a call is open, and tries a lost server again every 2 s at least. If CheckChannel refuses the
// options, nothing is ever sent: all calls fail.
std::shared_ptr<grpc::Channel> MakeChannel(absl::string_view address, const ChannelOptions& options = {});

}  // namespace spool::client

#endif  // SPOOL_CLIENT_CPP_CHANNEL_H_

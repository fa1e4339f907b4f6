#include "client/cpp/channel.h"

#include <string>

#include "absl/strings/match.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"

namespace spool::client {
namespace {

// A page of jobs or a batch of events may pass gRPC's default of 4 MiB.
constexpr int kMaxMessageBytes = 64 * 1024 * 1024;

bool IsLoopback(absl::string_view address) {
  return absl::StartsWith(address, "127.") || absl::StartsWith(address, "localhost:") ||
         absl::StartsWith(address, "[::1]:");
}

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(absl::string_view address) {
  grpc::ChannelArguments args;
  // Channels of one address share their connection otherwise.
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // While a channel waits to connect again, its calls fail at once: gRPC's default of up to 2 minutes would make a
  // server that is back look dead.
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  args.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // gRPC sends even loopback connections through http_proxy.
  if (IsLoopback(address)) args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(std::string(address), grpc::InsecureChannelCredentials(), args);
}

}  // namespace spool::client

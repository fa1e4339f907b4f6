#include "client/cpp/channel.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/client_interceptor.h"

namespace spool::client {
namespace {

using grpc::experimental::InterceptionHookPoints;

// A page of jobs or a batch of events may pass gRPC's default of 4 MiB.
constexpr int kMaxMessageBytes = 64 * 1024 * 1024;

// Whether what is sent there stays on this machine. A name may lead anywhere, whatever it begins with.
bool IsLoopback(absl::string_view address) {
  if (absl::StartsWith(address, "unix:")) return true;
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos) return false;
  const std::string host(address.substr(0, colon));
  in_addr ip4;
  return host == "localhost" || host == "[::1]" ||
         (inet_pton(AF_INET, host.c_str(), &ip4) == 1 && (ntohl(ip4.s_addr) >> 24) == 127);
}

// Adds the token to each call. Not gRPC's call credentials: these need TLS, also on the loopback.
class TokenSender : public grpc::experimental::Interceptor {
 public:
  explicit TokenSender(const std::string* authorization) : authorization_(authorization) {}
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      methods->GetSendInitialMetadata()->emplace("authorization", *authorization_);
    }
    methods->Proceed();
  }

 private:
  const std::string* const authorization_;
};

class TokenSenderFactory : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit TokenSenderFactory(absl::string_view token) : authorization_(absl::StrCat("Bearer ", token)) {}
  grpc::experimental::Interceptor* CreateClientInterceptor(grpc::experimental::ClientRpcInfo*) override {
    return new TokenSender(&authorization_);
  }

 private:
  // Lives as long as the channel, and so longer than its calls.
  const std::string authorization_;
};

std::shared_ptr<grpc::ChannelCredentials> CredentialsOf(const ChannelOptions& options) {
  if (!options.tls) return grpc::InsecureChannelCredentials();
  return grpc::SslCredentials({options.tls_ca, options.tls_key, options.tls_cert});
}

}  // namespace

absl::Status CheckChannel(absl::string_view address, const ChannelOptions& options) {
  if (address.empty()) return absl::InvalidArgumentError("the server's address is empty");
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return absl::InvalidArgumentError("a client certificate and its key are needed together");
  }
  if (!options.tls && (!options.tls_ca.empty() || !options.tls_cert.empty())) {
    return absl::InvalidArgumentError("certificates are of no use without TLS");
  }
  if (!std::all_of(options.token.begin(), options.token.end(), absl::ascii_isgraph)) {
    return absl::InvalidArgumentError("the token has characters that no token has");
  }
  if (!options.token.empty() && !options.tls && !options.allow_plaintext_token && !IsLoopback(address)) {
    return absl::FailedPreconditionError(
        absl::StrCat("the token is not sent to ", address, " without TLS: anybody on the way could take it"));
  }
  return absl::OkStatus();
}

std::shared_ptr<grpc::Channel> MakeChannel(absl::string_view address, const ChannelOptions& options) {
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
  const std::string target(address);
  // Without credentials, gRPC makes a channel that never connects.
  if (!CheckChannel(address, options).ok()) return grpc::CreateCustomChannel(target, nullptr, args);
  if (options.token.empty()) return grpc::CreateCustomChannel(target, CredentialsOf(options), args);
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(std::make_unique<TokenSenderFactory>(options.token));
  return grpc::experimental::CreateCustomChannelWithInterceptors(target, CredentialsOf(options), args,
                                                                 std::move(interceptors));
}

}  // namespace spool::client

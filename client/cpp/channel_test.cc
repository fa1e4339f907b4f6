#include "client/cpp/channel.h"

#include "client/cpp/client.h"
#include "client/cpp/fake_server.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::client {
namespace {

TEST(Channel, ATokenStaysOnThisMachineOrWithinTls) {
  ChannelOptions options;
  options.token = "secret";
  for (const char* here : {"127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1", "unix:/socket"}) {
    EXPECT_OK(CheckChannel(here, options)) << here;
  }
  for (const char* elsewhere : {"10.0.0.1:1", "example.com:1", "127.0.0.1.example.com:1", "127.example.com:1",
                                "localhost.example.com:1", "[::2]:1", "dns:///example.com:1", "127.0.0.1"}) {
    EXPECT_THAT(CheckChannel(elsewhere, options), StatusIs(absl::StatusCode::kFailedPrecondition, "without TLS"))
        << elsewhere;
    EXPECT_OK(CheckChannel(elsewhere, {})) << elsewhere;
    ChannelOptions told = options;
    told.allow_plaintext_token = true;
    EXPECT_OK(CheckChannel(elsewhere, told)) << elsewhere;
    ChannelOptions tls = options;
    tls.tls = true;
    EXPECT_OK(CheckChannel(elsewhere, tls)) << elsewhere;
  }
}

TEST(Channel, WhatMakesNoSenseIsRefused) {
  EXPECT_THAT(CheckChannel("", {}), StatusIs(absl::StatusCode::kInvalidArgument, "empty"));
  EXPECT_THAT(CheckChannel("localhost:1", {.tls = true, .tls_cert = "x"}),
              StatusIs(absl::StatusCode::kInvalidArgument, "together"));
  EXPECT_THAT(CheckChannel("localhost:1", {.tls = true, .tls_key = "x"}),
              StatusIs(absl::StatusCode::kInvalidArgument, "together"));
  EXPECT_THAT(CheckChannel("localhost:1", {.tls_ca = "x"}), StatusIs(absl::StatusCode::kInvalidArgument, "TLS"));
  EXPECT_THAT(CheckChannel("localhost:1", {.token = "two\nlines"}), StatusIs(absl::StatusCode::kInvalidArgument));
}

// Nothing is sent over a channel that CheckChannel refuses, not even by who did not ask it.
TEST(Channel, ARefusedChannelNeverConnects) {
  FakeServer server;
  server.get_queue_stats = [](const v1::GetQueueStatsRequest&, v1::GetQueueStatsResponse*) { return grpc::Status::OK; };
  Client plain(server.address());
  EXPECT_OK(plain.GetQueueStats());
  // The same server, by a name that might be another machine's.
  Client refused("ipv4:" + server.address(), {.channel = {.token = "secret"}});
  EXPECT_FALSE(refused.GetQueueStats().ok());
  Client told("ipv4:" + server.address(), {.channel = {.token = "secret", .allow_plaintext_token = true}});
  EXPECT_OK(told.GetQueueStats());
}

}  // namespace
}  // namespace spool::client

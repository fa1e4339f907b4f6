#include "tests/access/access_test_base.h"

#include <stdio.h>
#include <sys/stat.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "server/auth/token_line.h"

namespace spool::testing {

AccessTest::AccessTest() = default;

const std::string& AccessTest::AddToken(const std::string& name, const std::string& fields) {
  const auto made = auth::NewToken();
  EXPECT_OK(made);
  lines_[name] = absl::StrCat("{\"name\":\"", name, "\",\"sha256\":\"", auth::HexDigestOf(*made), "\",", fields, "}\n");
  clients_.erase(name);
  return tokens_[name] = *made;
}

void AccessTest::AddUsualTokens() {
  for (const char* scope : {"read", "write", "admin"}) AddToken(scope, absl::StrCat("\"scope\":\"", scope, "\""));
  AddToken("expired", "\"scope\":\"admin\",\"expiresAt\":\"2001-01-01T00:00:00Z\"");
  AddToken("red", "\"scope\":\"write\",\"labels\":{\"team\":\"red\"}");
  WriteTokens();
}

void AccessTest::WriteTokens() {
  const std::string aside = token_file() + ".new";
  {
    std::ofstream file(aside);
    for (const auto& [name, line] : lines_) file << line;
  }
  ASSERT_EQ(chmod(aside.c_str(), 0600), 0);
  ASSERT_EQ(rename(aside.c_str(), token_file().c_str()), 0);
}

absl::Status AccessTest::Start(std::vector<std::string> flags) {
  clients_.clear();
  flags.insert(flags.begin(), absl::StrCat("--token_file=", token_file()));
  return server_.Start(flags);
}

std::shared_ptr<grpc::Channel> AccessTest::ChannelAs(const std::string& name) {
  return client::MakeChannel(server_.address(), {.token = name.empty() ? "" : tokens_.at(name)});
}

client::Client& AccessTest::As(const std::string& name) {
  std::unique_ptr<client::Client>& client = clients_[name];
  if (client == nullptr) {
    client::Client::Options options;
    options.channel.token = name.empty() ? "" : tokens_.at(name);
    client = std::make_unique<client::Client>(server_.address(), options);
  }
  return *client;
}

std::string AccessTest::EnqueueFor(const std::string& team, const std::string& video) {
  v1::EnqueueRequest request;
  request.set_video_id(video);
  request.set_input("not-there.mp4");
  request.mutable_resize()->set_width(16);
  if (!team.empty()) (*request.mutable_labels())["team"] = team;
  const auto enqueued = As("write").Enqueue(request);
  EXPECT_OK(enqueued);
  return enqueued.ok() ? enqueued->job().id() : "";
}

}  // namespace spool::testing

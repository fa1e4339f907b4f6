// The ground of tests of who may do what: a server with tokens, and callers that hold one each.

#ifndef SPOOL_TESTS_ACCESS_ACCESS_TEST_BASE_H_
#define SPOOL_TESTS_ACCESS_ACCESS_TEST_BASE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cpp/channel.h"
#include "client/cpp/client.h"
#include "client/cpp/status.h"
#include "gmock/gmock.h"
#include "grpcpp/channel.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"
#include "tests/support/raw_call.h"
#include "tests/support/spoold_process.h"
#include "tests/support/spoold_test.h"

namespace spool::testing {

class AccessTest : public ::testing::Test {
 protected:
  AccessTest();

  // Writes the token file anew: a line for each token that was added and not removed.
  void WriteTokens();
  // A new token, whose line has these fields beside its name and hash, such as `"scope":"read"`. In the file after the
  // next WriteTokens.
  const std::string& AddToken(const std::string& name, const std::string& fields);
  void RemoveToken(const std::string& name) { lines_.erase(name); }
  const std::string& token(const std::string& name) const { return tokens_.at(name); }
  // "one", "two" lines of the readers' scopes: tokens "read", "write", "admin"; "expired"; and "red", which may write
  // only jobs with the label team=red.
  void AddUsualTokens();

  // With the token file, unless `flags` name another.
  absl::Status Start(std::vector<std::string> flags = {});

  SpooldProcess& server() { return server_; }
  std::string token_file() const { return server_.folder() + "/tokens"; }
  // Who holds this token; an empty name: none.
  client::Client& As(const std::string& name);
  std::shared_ptr<grpc::Channel> ChannelAs(const std::string& name);

  // A job of a team (none: of nobody's), which waits until somebody runs it by its input's being there: the queue is
  // paused.
  std::string EnqueueFor(const std::string& team, const std::string& video = "v");

  SpooldProcess server_;
  std::map<std::string, std::string> tokens_;
  std::map<std::string, std::string> lines_;
  std::map<std::string, std::unique_ptr<client::Client>> clients_;
};

}  // namespace spool::testing

#endif  // SPOOL_TESTS_ACCESS_ACCESS_TEST_BASE_H_

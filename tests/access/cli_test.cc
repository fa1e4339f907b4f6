// `spool` against a server with TLS, client certificates and tokens, one of which it made itself.

#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "tests/access/access_test_base.h"
#include "tests/access/certificates.h"
#include "tests/support/program.h"

namespace spool::testing {
namespace {

using ::testing::HasSubstr;

class CliTest : public AccessTest {
 protected:
  Exit Spool(std::vector<std::string> words, std::vector<std::string> environment = {}) {
    words.insert(words.begin(), Runfile("client/cli/spool"));
    environment.push_back("SPOOL_SERVER=" + server().address());
    const auto exit = RunProgram(words, environment);
    EXPECT_OK(exit);
    return exit.ok() ? *exit : Exit{.code = -1};
  }
};

TEST_F(CliTest, ATokenThatItMadeOpensTheServer) {
  const Exit made = Spool({"token", "create", "--name", "me", "--scope", "read", "--json", "--note", "a \"note\""});
  ASSERT_EQ(made.code, 0) << made.error;
  google::protobuf::Struct json;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(made.out, &json).ok()) << made.out;
  const std::string secret = json.fields().at("token").string_value();
  std::string line;
  ASSERT_TRUE(google::protobuf::util::MessageToJsonString(json.fields().at("line").struct_value(), &line).ok());
  EXPECT_EQ(line.find(secret), std::string::npos) << "the file must not hold the token itself";
  ASSERT_OK(Replace(token_file(), line + "\n"));

  Authority authority(server().folder(), "root");
  ASSERT_OK(authority.Make());
  ASSERT_OK(authority.Sign("server"));
  ASSERT_OK(authority.Sign("client"));
  ASSERT_OK(Start({"--tls_cert=" + authority.cert("server"), "--tls_key=" + authority.key("server"),
                   "--tls_client_ca=" + authority.root()}));
  const std::vector<std::string> tls = {"--tls-ca",  authority.root(),       "--tls-cert", authority.cert("client"),
                                        "--tls-key", authority.key("client")};
  const auto with_tls = [&](std::vector<std::string> words) {
    words.insert(words.end(), tls.begin(), tls.end());
    return words;
  };
  const std::string file = server().folder() + "/secret";
  ASSERT_OK(Replace(file, secret + "\n"));
  EXPECT_EQ(Spool(with_tls({"stats", "--token_file=" + file})).code, 0);
  EXPECT_EQ(Spool(with_tls({"stats", "--token", secret})).code, 0);
  EXPECT_EQ(Spool(with_tls({"stats"}), {"SPOOL_TOKEN=" + secret}).code, 0);
  // As spoold writes its flags.
  EXPECT_EQ(Spool({"stats", "--tls_ca=" + authority.root(), "--tls_cert=" + authority.cert("client"),
                   "--tls_key=" + authority.key("client")},
                  {"SPOOL_TOKEN=" + secret})
                .code,
            0);
  const Exit missing = Spool(with_tls({"stats"}));
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.error, HasSubstr("TOKEN_MISSING"));
  const Exit small = Spool(with_tls({"pause", "--token", secret}));
  EXPECT_EQ(small.code, 1);
  EXPECT_THAT(small.error, HasSubstr("PauseQueue needs a token with scope admin; this one has read (SCOPE_TOO_SMALL)"));
  const Exit uncertified = Spool({"stats", "--tls-ca", authority.root(), "--token", secret});
  EXPECT_EQ(uncertified.code, 1);
  EXPECT_THAT(uncertified.error, HasSubstr("cannot reach"));
}

TEST_F(CliTest, ATokenIsNotSentInTheOpen) {
  const Exit refused = Spool({"stats", "--server", "192.0.2.1:50051", "--token", "secret"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.error, HasSubstr("the token is not sent to 192.0.2.1:50051 without TLS"));
}

TEST_F(CliTest, ATokenThatMakesNoSenseIsNotMade) {
  EXPECT_THAT(Spool({"token", "create", "--scope", "read"}).error, HasSubstr("--name is missing"));
  EXPECT_THAT(Spool({"token", "create", "--name", "a"}).error, HasSubstr("--scope is missing"));
  EXPECT_THAT(Spool({"token", "create", "--name", "a", "--scope", "root"}).error, HasSubstr("scope: must be"));
  EXPECT_THAT(Spool({"token", "create", "--name", "a", "--scope", "admin", "--label", "a=b"}).error,
              HasSubstr("admin"));
  EXPECT_THAT(Spool({"token", "revoke"}).error, HasSubstr("must be create"));
}

}  // namespace
}  // namespace spool::testing

// TLS on the gRPC port: who is let in, and certificates that change while a watch is open.

#include <sys/stat.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "spool/v1/job_service.grpc.pb.h"
#include "tests/access/access_test_base.h"
#include "tests/access/certificates.h"
#include "tests/support/program.h"
#include "tests/support/watch.h"

namespace spool::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class TlsTest : public AccessTest {
 protected:
  TlsTest() : ours_(server().folder(), "ours"), others_(server().folder(), "others") {}

  void SetUp() override {
    for (Authority* authority : {&ours_, &others_}) ASSERT_OK(authority->Make());
    ASSERT_OK(ours_.Sign("server"));
    AddUsualTokens();
  }

  std::vector<std::string> TlsFlags() const {
    return {"--tls_cert=" + ours_.cert("server"), "--tls_key=" + ours_.key("server")};
  }

  // Who trusts this root, and holds this token (empty: none), and this certificate of an authority (null: none).
  client::ChannelOptions Options(const Authority& trusted, const std::string& holder,
                                 const Authority* certified_by = nullptr) {
    client::ChannelOptions options;
    options.tls = true;
    options.tls_ca = *ReadFile(trusted.root());
    if (!holder.empty()) options.token = holder == "unknown" ? "spool_unknown" : token(holder);
    if (certified_by != nullptr) {
      options.tls_cert = *ReadFile(certified_by->cert("client"));
      options.tls_key = *ReadFile(certified_by->key("client"));
    }
    return options;
  }
  absl::Status Try(client::ChannelOptions channel, const std::string& address = "") {
    client::Client client(address.empty() ? server().address() : address, {.channel = std::move(channel)});
    return client.GetQueueStats().status();
  }
  // The common name in the certificate that the server shows.
  std::string ShownName() {
    const auto shown = RunProgram({"openssl", "s_client", "-connect", server().address(), "-alpn", "h2",
                                   "-verify_quiet", "-CAfile", ours_.root()});
    EXPECT_OK(shown);
    if (!shown.ok()) return "";
    const size_t subject = shown->out.find("subject=CN = ");
    return subject == std::string::npos
               ? shown->error
               : shown->out.substr(subject + 13, shown->out.find('\n', subject) - subject - 13);
  }
  // The server looks at its files once a second.
  void AwaitShownName(const std::string& name) {
    const absl::Time give_up = absl::Now() + absl::Seconds(60);
    std::string shown;
    while ((shown = ShownName()) != name) ASSERT_LT(absl::Now(), give_up) << "waited for " << name << ", saw " << shown;
  }

  Authority ours_, others_;
};

TEST_F(TlsTest, TokensAreCheckedAsWithoutTls) {
  ASSERT_OK(Start(TlsFlags()));
  constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;
  EXPECT_OK(Try(Options(ours_, "read")));
  EXPECT_THAT(Try(Options(ours_, "")), Refused(kUnauthenticated, "TOKEN_MISSING"));
  EXPECT_THAT(Try(Options(ours_, "unknown")), Refused(kUnauthenticated, "TOKEN_UNKNOWN"));
  EXPECT_THAT(Try(Options(ours_, "expired")), Refused(kUnauthenticated, "TOKEN_EXPIRED"));
  client::Client reader(server().address(), {.channel = Options(ours_, "read")});
  EXPECT_THAT(reader.PauseQueue(), Refused(absl::StatusCode::kPermissionDenied, "SCOPE_TOO_SMALL"));
}

TEST_F(TlsTest, OnlyTheRightServerIsTalkedTo) {
  ASSERT_OK(Start(TlsFlags()));
  EXPECT_THAT(Try(Options(others_, "read")), StatusIs(absl::StatusCode::kUnavailable));
  // Without TLS the server does not understand a word.
  EXPECT_THAT(Try({.token = token("read")}), StatusIs(absl::StatusCode::kUnavailable));
  // A server without TLS is not talked to by who wants it.
  SpooldProcess plain;
  ASSERT_OK(plain.Start());
  EXPECT_THAT(Try(Options(ours_, "read"), plain.address()), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(TlsTest, OldProtocolsAreRefused) {
  ASSERT_OK(Start(TlsFlags()));
  for (const auto& [version, welcome] : std::vector<std::pair<std::string, bool>>{
           {"-tls1", false}, {"-tls1_1", false}, {"-tls1_2", true}, {"-tls1_3", true}}) {
    // OpenSSL itself would not offer the old ones at its usual level.
    const auto shaken = RunProgram(
        {"openssl", "s_client", "-connect", server().address(), version, "-alpn", "h2", "-cipher", "ALL:@SECLEVEL=0"});
    ASSERT_OK(shaken);
    EXPECT_EQ(absl::StrContains(shaken->out, "ALPN protocol: h2"), welcome) << version << shaken->out << shaken->error;
  }
}

TEST_F(TlsTest, ClientsNeedACertificateOfTheRightAuthority) {
  ASSERT_OK(ours_.Sign("client"));
  std::vector<std::string> flags = TlsFlags();
  flags.push_back("--tls_client_ca=" + ours_.root());
  ASSERT_OK(Start(flags));
  EXPECT_OK(Try(Options(ours_, "read", &ours_)));
  EXPECT_THAT(Try(Options(ours_, "", &ours_)), Refused(absl::StatusCode::kUnauthenticated, "TOKEN_MISSING"));
  EXPECT_THAT(Try(Options(ours_, "read")), StatusIs(absl::StatusCode::kUnavailable));
  // The audit log says whose certificate it was.
  client::Client admin(server().address(), {.channel = Options(ours_, "admin", &ours_)});
  ASSERT_OK(admin.PauseQueue());
  EXPECT_THAT(server().Log(), ContainsRegex("msg=audit who=admin from=\"ipv4:127.0.0.1:[0-9]+ CN=client\""));
  // The same file names, another authority.
  ASSERT_OK(others_.Sign("client"));
  EXPECT_THAT(Try(Options(ours_, "read", &others_)), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(TlsTest, ACertificateIsLoginEnoughForTheNetwork) {
  const std::vector<std::string> network = {"--grpc_address=0.0.0.0:0"};
  const auto start = [&](std::vector<std::string> flags) {
    SpooldProcess other;
    flags.insert(flags.end(), network.begin(), network.end());
    return other.Start(flags);
  };
  EXPECT_THAT(start({}), StatusIs(absl::StatusCode::kFailedPrecondition, "neither TLS nor a login"));
  EXPECT_THAT(start({"--token_file=" + token_file()}), StatusIs(absl::StatusCode::kFailedPrecondition, "no TLS"));
  EXPECT_THAT(start(TlsFlags()), StatusIs(absl::StatusCode::kFailedPrecondition, "no login"));
}

TEST_F(TlsTest, ANewCertificateIsTakenWhileAWatchGoesOn) {
  ASSERT_OK(Start(TlsFlags()));
  ASSERT_EQ(ShownName(), "server");
  const auto stub = v1::JobService::NewStub(client::MakeChannel(server().address(), Options(ours_, "write")));
  Watch watch(stub.get(), FromEarliest());
  ASSERT_OK(watch.UntilOpened());
  client::Client before(server().address(), {.channel = Options(ours_, "write")});
  ASSERT_OK(before.GetQueueStats());

  // The certificate first: it does not fit the old key, so both stay as they were, and new connections are made.
  ASSERT_OK(ours_.Sign("renewed"));
  ASSERT_OK(Replace(ours_.cert("server"), *ReadFile(ours_.cert("renewed"))));
  ASSERT_OK(server().AwaitLog("the certificates stay as they were"));
  EXPECT_THAT(server().Log(), HasSubstr("is not the key of the certificate"));
  EXPECT_EQ(ShownName(), "server");
  EXPECT_OK(Try(Options(ours_, "read")));
  ASSERT_OK(Replace(ours_.key("server"), *ReadFile(ours_.key("renewed"))));
  AwaitShownName("renewed");
  EXPECT_OK(Try(Options(ours_, "read")));

  // What is there goes on.
  v1::EnqueueRequest job;
  job.set_input("nothing.mp4");
  job.mutable_resize()->set_width(16);
  const auto enqueued = before.Enqueue(job);
  ASSERT_OK(enqueued);
  EXPECT_OK(watch.Until(v1::EVENT_TYPE_QUEUED, enqueued->job().id()));

  // Another root takes over: who trusts the old one comes no more.
  ASSERT_OK(others_.Sign("moved"));
  ASSERT_OK(Replace(ours_.key("server"), *ReadFile(others_.key("moved"))));
  ASSERT_OK(Replace(ours_.cert("server"), *ReadFile(others_.cert("moved"))));
  AwaitShownName("moved");
  EXPECT_OK(Try(Options(others_, "read")));
  EXPECT_THAT(Try(Options(ours_, "read")), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_OK(watch.Until([&](const v1::Event& event) { return event.job_id() == enqueued->job().id(); }));
}

TEST_F(TlsTest, AnotherClientAuthorityIsTakenToo) {
  ASSERT_OK(ours_.Sign("client"));
  ASSERT_OK(Replace(server().folder() + "/clients.pem", *ReadFile(ours_.root())));
  std::vector<std::string> flags = TlsFlags();
  flags.push_back("--tls_client_ca=" + server().folder() + "/clients.pem");
  ASSERT_OK(Start(flags));
  const client::ChannelOptions old = Options(ours_, "read", &ours_);
  ASSERT_OK(Try(old));
  ASSERT_OK(others_.Sign("client"));
  ASSERT_OK(Replace(server().folder() + "/clients.pem", *ReadFile(others_.root())));
  ASSERT_OK(server().AwaitLog("certificates read again"));
  EXPECT_OK(Try(Options(ours_, "read", &others_)));
  EXPECT_THAT(Try(old), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(TlsTest, WhatIsWrongWithTheFilesIsSaidAtTheStart) {
  ASSERT_OK(ours_.Sign("another"));
  const std::string cert = "--tls_cert=" + ours_.cert("server"), key = "--tls_key=" + ours_.key("server");
  const std::string not_a_key = server().folder() + "/not_a_key", readable = server().folder() + "/readable";
  ASSERT_OK(Replace(not_a_key, *ReadFile(ours_.cert("server"))));
  ASSERT_OK(Replace(readable, *ReadFile(ours_.key("server"))));
  ASSERT_EQ(chmod(readable.c_str(), 0644), 0);
  const struct {
    std::vector<std::string> flags;
    const char* says;
  } kBad[] = {
      {{cert}, "--tls_cert and --tls_key are needed together"},
      {{key}, "--tls_cert and --tls_key are needed together"},
      {{"--tls_client_ca=" + ours_.root()}, "--tls_client_ca needs --tls_cert"},
      {{cert, "--tls_key=" + ours_.key("another")}, "is not the key of the certificate"},
      {{cert, "--tls_key=/no/such/key"}, "--tls_key=/no/such/key: open: No such file"},
      {{"--tls_cert=/no/such/cert", key}, "--tls_cert=/no/such/cert: open: No such file"},
      {{"--tls_cert=" + ours_.key("server"), key}, "holds no certificate"},
      {{cert, "--tls_key=" + not_a_key}, "holds no private key"},
      {{cert, "--tls_key=" + readable}, "chmod o-rwx"},
      {{cert, key, "--tls_client_ca=" + ours_.key("server")}, "holds no certificate"},
      {{"--token_file=/no/such/tokens"}, "token file /no/such/tokens"},
      {{"--audit_log=/no/such/folder/audit"}, "/no/such/folder/audit"},
  };
  for (const auto& bad : kBad) {
    SpooldProcess other;
    EXPECT_THAT(other.Start(bad.flags), StatusIs(absl::StatusCode::kFailedPrecondition, bad.says)) << bad.says;
  }
}

}  // namespace
}  // namespace spool::testing

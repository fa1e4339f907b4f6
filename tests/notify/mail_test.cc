// A real server sends mail to a real mail server (Debian's python3-aiosmtpd), over TLS and with a login.

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "tests/notify/helper.h"
#include "tests/notify/notify_test.h"

namespace spool::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kPassword[] = "open sesame";

struct Mail {
  std::string subject;
  std::string text;
  std::string id;
  google::protobuf::Struct all;

  std::string Get(const std::string& name) const { return all.fields().at(name).string_value(); }
};

class MailTest : public NotifyTest {
 protected:
  void SetUp() override {
    ASSERT_OK(MakeCertificate(certificate()));
    AddStill("in.png", 8, 8);
    std::ofstream(server().media_root() + "/broken.mp4") << "this is no video";
  }

  std::string certificate() { return server().folder() + "/mailbox"; }
  std::string journal() { return server().folder() + "/journal"; }

  void StartMailbox(const std::string& tls, const std::string& password = kPassword) {
    ASSERT_OK(mailbox_.Start({"/usr/bin/python3", Runfile("tests/notify/mailbox.py"), absl::StrCat(mailbox_.port()),
                              journal(), tls, certificate() + ".crt", certificate() + ".key", password}));
  }
  // A server that mails to the mailbox; `more` are fields of the mail's configuration.
  void StartMailing(const std::string& more = "") {
    std::ofstream(server().folder() + "/password") << kPassword << "\n";
    StartNotifying(absl::StrCat("mails {\n name: \"mail\" server: \"localhost:", mailbox_.port(),
                                "\" from: \"spool@example.org\" to: \"ops@example.org\" to: \"dev@example.org\"\n",
                                "ca_file: \"", certificate(),
                                ".crt\" retry_policy { initial_backoff { nanos: 20000000 } ",
                                "max_backoff { nanos: 100000000 } max_retries: 100 }\n", more, "}\n"));
  }
  static std::string Login() { return "user: \"spool\" password_file: \"password\"\n"; }

  std::vector<Mail> Mails() {
    std::vector<Mail> mails;
    std::ifstream file(journal());
    for (std::string line; std::getline(file, line);) {
      Mail mail;
      EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &mail.all).ok()) << line;
      mail.subject = mail.Get("subject");
      mail.text = mail.Get("text");
      mail.id = mail.Get("id");
      mails.push_back(std::move(mail));
    }
    return mails;
  }
  void AwaitMails(size_t count) {
    Await(absl::StrCat(count, " mails"), [&] { return Mails().size() >= count; });
  }

  Helper mailbox_;
};

TEST_F(MailTest, TellsWhatCompletedAndWhatFailedOverTlsWithALogin) {
  StartMailbox("starttls");
  StartMailing(Login());
  v1::EnqueueRequest request = Resize("in.png", 4, 4);
  request.set_video_id("Übergröße 日本");
  (*request.mutable_labels())["team"] = "media ✓";
  const std::string good = Enqueue(request);
  AwaitMails(1);
  const std::string bad = Enqueue(Resize("broken.mp4", 4, 4));
  AwaitMails(2);
  const std::vector<Mail> mails = Mails();
  for (const Mail& mail : mails) {
    EXPECT_EQ(mail.Get("from"), "spool@example.org");
    EXPECT_EQ(mail.Get("header_to"), "ops@example.org, dev@example.org");
    EXPECT_EQ(mail.all.fields().at("to").list_value().values_size(), 2);
    EXPECT_EQ(mail.Get("login"), "spool");
    EXPECT_TRUE(mail.all.fields().at("tls").bool_value());
    EXPECT_EQ(mail.all.fields().at("defects").list_value().values_size(), 0) << mail.all.DebugString();
    EXPECT_EQ(mail.all.fields().at("bare").number_value(), 0);
    EXPECT_LE(mail.all.fields().at("longest").number_value(), 200);
    EXPECT_EQ(mail.all.fields().at("names").list_value().values_size(), 9) << mail.all.DebugString();
    EXPECT_THAT(mail.id, StartsWith("<evt_"));
    EXPECT_THAT(mail.Get("date"), HasSubstr("+00:00"));
  }
  EXPECT_EQ(mails[0].subject, absl::StrCat("Spool: ", good, " completed"));
  EXPECT_THAT(mails[0].text, HasSubstr("Video:     Übergröße 日本\n"));
  EXPECT_THAT(mails[0].text, HasSubstr("Label:     team=media ✓\n"));
  EXPECT_THAT(mails[0].text, HasSubstr("Result:    4x4, "));
  EXPECT_EQ(mails[1].subject, absl::StrCat("Spool: ", bad, " failed: ", GetJob(bad).error().reason()));
  EXPECT_THAT(mails[1].text, HasSubstr(absl::StrCat("Reason:    ", GetJob(bad).error().reason(), "\n")));
  EXPECT_NE(mails[0].id, mails[1].id);
  EXPECT_EQ(Targets().targets(0).destination(), "ops@example.org, dev@example.org");
  EXPECT_THAT(server().Log() + Targets().DebugString(), Not(HasSubstr(kPassword)));
}

TEST_F(MailTest, AWrongPasswordIsToldAndARightOneLetsTheMailThrough) {
  StartMailbox("starttls", "another");
  StartMailing(Login());
  auto test = client().SendTest("mail");
  ASSERT_OK(test);
  EXPECT_FALSE(test->delivered());
  EXPECT_EQ(test->response_code(), 535) << test->error();
  Enqueue(Resize("in.png", 4, 4));
  Await("an attempt", [&] {
    const auto pending = Deliveries({v1::DELIVERY_STATE_PENDING});
    return !pending.empty() && pending[0].attempts() > 0 && pending[0].response_code() == 535;
  });
  EXPECT_THAT(Mails(), IsEmpty());
  mailbox_.Kill();
  StartMailbox("starttls");
  AwaitMails(1);
}

TEST_F(MailTest, ImplicitTlsAndATest) {
  StartMailbox("implicit");
  StartMailing(Login() + "tls: MAIL_TLS_IMPLICIT\n");
  const auto test = client().SendTest("mail");
  ASSERT_OK(test);
  EXPECT_TRUE(test->delivered()) << test->error();
  AwaitMails(1);
  EXPECT_EQ(Mails()[0].subject, "Spool: test");
  EXPECT_EQ(Mails()[0].Get("login"), "spool");
}

TEST_F(MailTest, NothingIsSentToAServerWithoutTlsUnlessToldSo) {
  StartMailbox("none", "");
  StartMailing();
  const auto refused = client().SendTest("mail");
  ASSERT_OK(refused);
  EXPECT_FALSE(refused->delivered());
  EXPECT_THAT(Mails(), IsEmpty());
  server().Terminate();
  ASSERT_OK(server().WaitForExit());
  StartMailing("tls: MAIL_TLS_NONE\n");
  const auto sent = client().SendTest("mail");
  ASSERT_OK(sent);
  EXPECT_TRUE(sent->delivered()) << sent->error();
  EXPECT_FALSE(Mails()[0].all.fields().at("tls").bool_value());
}

TEST_F(MailTest, AServerThatNobodyVouchesForGetsNoPassword) {
  StartMailbox("starttls");
  // The certificate of another authority.
  ASSERT_OK(MakeCertificate(server().folder() + "/other"));
  StartMailing(Login());
  server().Terminate();
  ASSERT_OK(server().WaitForExit());
  StartNotifying(absl::StrCat("mails { name: \"mail\" server: \"localhost:", mailbox_.port(),
                              "\" from: \"a@example.org\" to: \"b@example.org\" ca_file: \"other.crt\" ", Login(),
                              "}"));
  const auto test = client().SendTest("mail");
  ASSERT_OK(test);
  EXPECT_FALSE(test->delivered());
  EXPECT_THAT(test->error(), HasSubstr("certificate"));
}

TEST_F(MailTest, ManyAreOneDigestAlsoAfterAKill) {
  // There is a port, and nobody listens there yet.
  StartMailbox("starttls");
  mailbox_.Kill();
  StartMailing(Login() + "max_per_hour: 3 digest_from: 4\n");
  std::set<std::string> ids;
  for (int i = 0; i < 12; ++i) ids.insert(Enqueue(Resize(i % 4 == 0 ? "broken.mp4" : "in.png", 4, 4)));
  Await("twelve to wait", [&] { return Deliveries({v1::DELIVERY_STATE_PENDING}).size() == 12; });
  server().Kill();
  StartMailing(Login() + "max_per_hour: 3 digest_from: 4\n");
  StartMailbox("starttls");
  AwaitAllTold();
  const std::vector<Mail> mails = Mails();
  ASSERT_EQ(mails.size(), 1);
  EXPECT_EQ(mails[0].subject, "Spool: 9 jobs completed, 3 failed");
  for (const std::string& id : ids) EXPECT_THAT(mails[0].text, HasSubstr(id));
  EXPECT_THAT(mails[0].id, StartsWith("<digest_"));

  // The hour's limit holds through a restart: one alone, then all that wait, then nothing.
  Enqueue(Resize("in.png", 4, 4));
  AwaitMails(2);
  server().Terminate();
  ASSERT_OK(server().WaitForExit());
  StartMailing(Login() + "max_per_hour: 3 digest_from: 4\n");
  Enqueue(Resize("in.png", 4, 4));
  AwaitMails(3);
  const std::string waits = Enqueue(Resize("in.png", 4, 4));
  Await("the last to wait", [&] {
    const auto pending = Deliveries({v1::DELIVERY_STATE_PENDING});
    return !pending.empty() && pending[0].job_id() == waits;
  });
  EXPECT_EQ(Mails().size(), 3);
}

TEST_F(MailTest, ARefusedReceiverIsAFailure) {
  StartMailbox("starttls");
  StartMailing(Login() + "to: \"nobody@example.org\"\n");
  const auto test = client().SendTest("mail");
  ASSERT_OK(test);
  EXPECT_FALSE(test->delivered());
  EXPECT_EQ(test->response_code(), 550) << test->error();
  EXPECT_THAT(Mails(), IsEmpty());
}

}  // namespace
}  // namespace spool::testing

#include "server/notify/config.h"

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/proto_time.h"
#include "server/base/status_matchers.h"

namespace spool::notify {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

absl::StatusOr<std::string> Files(const std::string& path) {
  if (path == "secret") return absl::StrCat(kSecret, "\n");
  if (path == "password") return "pass word\n";
  if (path == "empty") return "\n";
  return absl::NotFoundError(absl::StrCat(path, ": No such file"));
}

absl::StatusOr<Config> Parse(const std::string& text) { return ParseConfig(text, "n.textproto", Files); }

// What is wrong with it.
std::string ErrorOf(const absl::StatusOr<Config>& config) { return std::string(config.status().message()); }

TEST(Config, FillsInWhatIsLeftOut) {
  const auto config = Parse(R"(
    # Comments are allowed.
    webhooks { name: "ops" url: "https://example.org/in?k=1" secret_files: "secret" }
    mails { name: "mail" server: "mx.example.org:587" from: "spool@example.org" to: "a@example.org"
            user: "u" password_file: "password" }
  )");
  ASSERT_OK(config);
  ASSERT_EQ(config->webhooks.size(), 1);
  const Webhook& webhook = config->webhooks[0];
  EXPECT_EQ(webhook.origin, "https://example.org");
  EXPECT_EQ(webhook.keys.size(), 1);
  EXPECT_EQ(webhook.config.max_in_flight(), 8);
  EXPECT_EQ(FromProto(webhook.config.timeout()), absl::Seconds(15));
  EXPECT_EQ(webhook.config.retry_policy().max_retries(), 15);
  ASSERT_EQ(config->mails.size(), 1);
  EXPECT_EQ(config->mails[0].password, "pass word");
  EXPECT_EQ(config->mails[0].config.tls(), v1::MAIL_TLS_STARTTLS);
  EXPECT_EQ(config->mails[0].config.max_per_hour(), 20);
  EXPECT_THAT(config->mails[0].config.filter().types(),
              ::testing::ElementsAre(v1::EVENT_TYPE_COMPLETED, v1::EVENT_TYPE_FAILED));
  EXPECT_EQ(config->retain_for, absl::Hours(24 * 7));
  EXPECT_EQ(config->retain_count, 100000);
}

TEST(Config, EmptyIsNoTargets) {
  const auto config = Parse("");
  ASSERT_OK(config);
  EXPECT_TRUE(config->webhooks.empty());
}

TEST(Config, SyntaxErrorsHaveTheirLines) {
  EXPECT_THAT(Parse("webhooks {\n  nam: \"x\"\n}").status(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ErrorOf(Parse("webhooks {\n  nam: \"x\"\n}")), StartsWith("n.textproto:2: "));
  EXPECT_THAT(ErrorOf(Parse("webhooks {\n  nam: \"x\"\n}")), HasSubstr("\"nam\""));
  EXPECT_THAT(ErrorOf(Parse("webhooks {\n\n")), StartsWith("n.textproto:3: "));
  EXPECT_THAT(ErrorOf(Parse("source: \"a\"\nsource: \"b\"")), StartsWith("n.textproto:2: "));
  EXPECT_THAT(ErrorOf(Parse("webhooks {\n timeout { seconds: 1x }\n}")), StartsWith("n.textproto:2: "));
}

TEST(Config, SyntaxErrorsRepeatNoSecret) {
  const std::string quoted = absl::StrCat("\"", kSecret, "\"");
  for (const std::string& text :
       {absl::StrCat("webhooks {\n allow_private: ", quoted, "}"), absl::StrCat("webhooks {\n name ", quoted, "}"),
        absl::StrCat("webhooks {\n secrets: ", kSecret, "}"), absl::StrCat("webhooks {\n max_in_flight: ", quoted, "}"),
        absl::StrCat("webhooks {\n ", kSecret, ": 1}"),
        absl::StrCat("webhooks {\n filter { types: ", kSecret, " }}")}) {
    EXPECT_THAT(ErrorOf(Parse(text)), StartsWith("n.textproto:2: ")) << text;
    EXPECT_THAT(ErrorOf(Parse(text)), Not(HasSubstr("whsec_"))) << text;
  }
}

struct Case {
  const char* webhook;  // on line 4
  const char* error;
};

TEST(Config, WrongWebhooksAreNamedWithFieldAndLine) {
  const std::string good =
      absl::StrCat("webhooks { name: \"good\" url: \"https://a.example/\"\n secrets: \"", kSecret, "\" }\n");
  ASSERT_OK(Parse(good));
  const Case cases[] = {
      {R"(url: "https://b.example" secrets: "S")", "n.textproto:3: webhooks[1].name: must be 1 to 64"},
      {R"(name: "Ops" url: "https://b.example" secrets: "S")", ":4: webhooks[1].name: must be 1 to 64"},
      {R"(name: "good" url: "https://b.example" secrets: "S")", ":4: webhooks[1].name: another target"},
      {R"(name: "b" secrets: "S")", ":3: webhooks[1].url: "},
      {R"(name: "b" url: "ftp://b.example/" secrets: "S")", ":4: webhooks[1].url: must begin with https://"},
      {R"(name: "b" url: "http://b.example/" secrets: "S")", ":4: webhooks[1].url: must begin with https://; http://"},
      {R"(name: "b" url: "https://u:hush@b.example/" secrets: "S")", ":4: webhooks[1].url: must have no user"},
      {R"(name: "b" url: "https://b.example/#f" secrets: "S")", ":4: webhooks[1].url: must have no #"},
      {R"(name: "b" url: "https://b.example/\r\nhush: 1" secrets: "S")", ":4: webhooks[1].url: has a character"},
      {R"(name: "b" url: "https://b.example/")", ":3: webhooks[1].secrets: one at least"},
      {R"(name: "b" url: "https://b.example/" secrets: "hush")", ":4: webhooks[1].secrets[0]: must begin with whsec_"},
      {R"(name: "b" url: "https://b.example/" secrets: "S" secrets: "whsec_aHVzaA==")",
       ":4: webhooks[1].secrets[1]: must hold 24 to 64 bytes, not 4"},
      {R"(name: "b" url: "https://b.example/" secret_files: "nowhere")",
       ":4: webhooks[1].secret_files[0]: nowhere: No such file"},
      {R"(name: "b" url: "https://b.example/" secret_files: "password")",
       ":4: webhooks[1].secret_files[0]: its content must begin"},
      {R"(name: "b" url: "https://b.example/" secrets: "S" timeout { seconds: 500 })",
       ":4: webhooks[1].timeout: must be 100ms to 2m"},
      {R"(name: "b" url: "https://b.example/" secrets: "S" timeout { seconds: 1 nanos: -1 })",
       ":4: webhooks[1].timeout: must be"},
      {R"(name: "b" url: "https://b.example/" secrets: "S" retry_policy { max_retries: -1 })",
       ":4: webhooks[1].retry_policy.max_retries: must be 0 to 100"},
      {R"(name: "b" url: "https://b.example/" secrets: "S" retry_policy { max_backoff { seconds: 1 } })",
       ":4: webhooks[1].retry_policy.max_backoff: must be 5s to 24h"},
      {R"(name: "b" url: "https://b.example/" secrets: "S" filter { job_ids: "" })",
       ":4: webhooks[1].filter.job_ids: has an entry"},
      {R"(name: "b" url: "https://b.example/" secrets: "S" filter { types: 77 })", ":4: webhooks[1].filter.types"},
      {R"(name: "b" url: "https://b.example/" secrets: "S" max_in_flight: 65)", ":4: webhooks[1].max_in_flight: "},
      {R"(name: "b" url: "https://b.example/" secrets: "S" ca_file: "nowhere")", ":4: webhooks[1].ca_file: nowhere"},
  };
  for (const Case& test : cases) {
    std::string webhook = test.webhook;
    if (const size_t at = webhook.find("\"S\""); at != std::string::npos)
      webhook.replace(at, 3, absl::StrCat("\"", kSecret, "\""));
    const auto config = Parse(absl::StrCat(good, "webhooks {\n", webhook, "\n}"));
    EXPECT_THAT(config.status(), StatusIs(absl::StatusCode::kInvalidArgument)) << webhook;
    EXPECT_THAT(ErrorOf(config), HasSubstr(test.error)) << webhook;
    EXPECT_THAT(ErrorOf(config), Not(HasSubstr("hush"))) << webhook;
    EXPECT_THAT(ErrorOf(config), Not(HasSubstr(kSecret))) << webhook;
  }
}

TEST(Config, WrongMailsAreNamedWithFieldAndLine) {
  const std::string good = R"(name: "m" server: "mx:25" from: "a@b" to: "c@d")";
  ASSERT_OK(Parse(absl::StrCat("mails {", good, "}")));
  const Case cases[] = {
      {R"(name: "m" from: "a@b" to: "c@d")", ":1: mails[0].server: must be host:port"},
      {R"(name: "m" server: "mx" from: "a@b" to: "c@d")", ":2: mails[0].server: must be host:port"},
      {R"(name: "m" server: "mx:25/x" from: "a@b" to: "c@d")", ":2: mails[0].server: must be host:port"},
      {R"(name: "m" server: "u@mx:25" from: "a@b" to: "c@d")", ":2: mails[0].server: must be host:port"},
      {R"(name: "m" server: "mx:25" to: "c@d")", ":1: mails[0].from: is no mail address"},
      {R"(name: "m" server: "mx:25" from: "a@b\r\nBcc: x@y" to: "c@d")", ":2: mails[0].from: is no mail address"},
      {R"(name: "m" server: "mx:25" from: "a@b")", ":1: mails[0].to: one at least"},
      {R"(name: "m" server: "mx:25" from: "a@b" to: "c@d" to: "e@f>")", ":2: mails[0].to[1]: is no mail address"},
      {R"(name: "m" server: "mx:25" from: "a@b" to: "c@d" user: "u")", ":2: mails[0].user: user and password_file"},
      {R"(name: "m" server: "mx:25" from: "a@b" to: "c@d" user: "u" password_file: "empty")",
       ":2: mails[0].password_file: is empty"},
      {R"(name: "m" server: "mx:25" from: "a@b" to: "c@d" user: "u" password_file: "password" tls: MAIL_TLS_NONE)",
       ":2: mails[0].tls: a password would be sent in the clear"},
      {R"(name: "m" server: "mx:25" from: "a@b" to: "c@d" filter { types: EVENT_TYPE_QUEUED })",
       ":2: mails[0].filter.types: mail is for"},
      {R"(name: "m" server: "mx:25" from: "a@b" to: "c@d" max_per_hour: -1)", ":2: mails[0].max_per_hour: "},
      {R"(name: "m" server: "mx:25" from: "a@b" to: "c@d" digest_from: 1)", ":2: mails[0].digest_from: "},
  };
  for (const Case& test : cases) {
    const auto config = Parse(absl::StrCat("mails {\n", test.webhook, "\n}"));
    EXPECT_THAT(ErrorOf(config), HasSubstr(test.error)) << test.webhook;
  }
}

TEST(Config, FilesLieBesideTheConfiguration) {
  const std::string folder = ::testing::TempDir();
  std::ofstream(folder + "/hook.secret") << kSecret << "\n";
  std::ofstream(folder + "/notify.textproto")
      << R"(webhooks { name: "a" url: "https://a.example/" secret_files: "hook.secret" })";
  EXPECT_OK(LoadConfig(folder + "/notify.textproto"));
  EXPECT_THAT(ErrorOf(LoadConfig(folder + "/none")), HasSubstr("No such file"));
}

}  // namespace
}  // namespace spool::notify

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/notify/mail_budget.h"
#include "server/notify/mail_message.h"
#include "server/notify/mail_text.h"

namespace spool::notify {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

const absl::Time kNow = absl::FromUnixSeconds(1767225600);

MailMessage Message(const std::string& subject, const std::string& text) {
  return {.from = "spool@example.org",
          .to = {"a@example.org", "b@example.org"},
          .subject = subject,
          .text = text,
          .id = "evt_1.ops",
          .date = kNow};
}

TEST(MailMessage, Whole) {
  EXPECT_EQ(EncodeMail(Message("Spool: job completed", "One = two\nend \n")),
            "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
            "From: spool@example.org\r\n"
            "To: a@example.org,\r\n b@example.org\r\n"
            "Subject: Spool: job completed\r\n"
            "Message-ID: <evt_1.ops@example.org>\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "One =3D two\r\n"
            "end=20\r\n");
}

TEST(MailMessage, NothingBecomesAHeader) {
  for (const char* bad : {"x\r\nBcc: evil@example.org", "x\nBcc: evil@example.org", "x\rBcc: evil@example.org",
                          "x\r\n\r\nBcc: evil@example.org", "ü\r\nBcc: evil@example.org"}) {
    const std::string mail = EncodeMail(Message(bad, bad));
    const std::string headers = mail.substr(0, mail.find("\r\n\r\n"));
    for (absl::string_view line : absl::StrSplit(headers, "\r\n")) EXPECT_FALSE(absl::StartsWith(line, "Bcc")) << mail;
    EXPECT_THAT(std::vector<std::string>(absl::StrSplit(headers, "\r\n")), SizeIs(10)) << mail;
    // No bare CR or LF anywhere.
    for (size_t i = 0; i < mail.size(); ++i) {
      EXPECT_EQ(mail[i] == '\n', i > 0 && mail[i - 1] == '\r') << i;
      if (mail[i] == '\r') {
        EXPECT_EQ(mail[i + 1], '\n');
      }
    }
  }
}

TEST(MailMessage, EncodesWhatIsNotAsciiAndKeepsLinesShort) {
  std::string subject, text;
  for (int i = 0; i < 60; ++i) {
    subject += "übergröße ";
    text += "日本語=";
  }
  const std::string mail = EncodeMail(Message(subject, text + "\n" + std::string(200, 'x')));
  for (const char c : mail) EXPECT_TRUE(static_cast<unsigned char>(c) < 0x80);
  for (absl::string_view line : absl::StrSplit(mail, "\r\n")) EXPECT_LE(line.size(), 84) << line;  // 75 and "Subject: "
  EXPECT_THAT(mail, HasSubstr("Subject: =?UTF-8?B?w7xiZXJncs"));
  EXPECT_THAT(mail, HasSubstr("=E6=97=A5"));
  // What looks like an encoded word is none.
  EXPECT_THAT(EncodeMail(Message("=?UTF-8?B?eA==?=", "")), HasSubstr("Subject: =?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?="));
}

TEST(MailMessage, OneLineCutsBetweenCharacters) {
  EXPECT_EQ(OneLine("abc", 3), "abc");
  EXPECT_EQ(OneLine("aü", 2), "a…");
  EXPECT_EQ(OneLine("a\tb\x7f", 9), "a b ");
}

Parcel ParcelOf(const std::string& text) {
  Parcel parcel;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &parcel.event)) << text;
  return parcel;
}

Parcel Completed(const std::string& id) {
  return ParcelOf(absl::StrCat("job_id: '", id, R"(' video_id: 'holiday' attempt: 2 labels { key: 'a' value: 'b\nc' }
    completed { type: JOB_TYPE_SPRITE_SHEET queued_at { seconds: 1767225600 } started_at { seconds: 1767225601 }
                completed_at { seconds: 1767225603 } duration { seconds: 2 }
                result { width: 800 height: 600 bytes: 12345 container: CONTAINER_MP4 output: 'x.mp4'
                         duration { seconds: 3 } warnings: 'enlarged' } })"));
}

Parcel Failed(const std::string& id) {
  return ParcelOf(absl::StrCat("job_id: '", id, R"(' attempt: 4
    failed { type: JOB_TYPE_RESIZE queued_at { seconds: 1767225600 } failed_at { seconds: 1767225603 }
             error { reason: 'INVALID_MEDIA' message: 'probe x.mp4: no streams' stack: 'hush 0x1234'
                     log_lines: 'hush' } })"));
}

TEST(MailText, OfACompletedJob) {
  const std::vector<Parcel> parcels = {Completed("resize-1")};
  const MailText mail = MailTextOf(parcels);
  EXPECT_EQ(mail.subject, "Spool: resize-1 completed");
  EXPECT_EQ(mail.body,
            "The job resize-1 completed.\n\n"
            "Video:     holiday\n"
            "Type:      sprite-sheet\n"
            "Result:    800x600, 3.0 s, 12345 bytes, mp4\n"
            "Output:    x.mp4\n"
            "Warning:   enlarged\n"
            "Queued:    2026-01-01 00:00:00 UTC\n"
            "Started:   2026-01-01 00:00:01 UTC\n"
            "Completed: 2026-01-01 00:00:03 UTC\n"
            "Run time:  2.0 s\n"
            "Attempts:  2\n"
            "Label:     a=b c\n");
}

TEST(MailText, OfAFailedJobWithoutItsStack) {
  const std::vector<Parcel> parcels = {Failed("resize-2")};
  const MailText mail = MailTextOf(parcels);
  EXPECT_EQ(mail.subject, "Spool: resize-2 failed: INVALID_MEDIA");
  EXPECT_THAT(mail.body, StartsWith("The job resize-2 failed.\n\nType:      resize\nReason:    INVALID_MEDIA\n"
                                    "Message:   probe x.mp4: no streams\n"));
  EXPECT_THAT(mail.body, Not(HasSubstr("hush")));
  EXPECT_THAT(mail.body, Not(HasSubstr("Started")));
}

TEST(MailText, ADigestCountsAllAndListsFailedOnesFirst) {
  std::vector<Parcel> parcels = {Completed("one"), Failed("two")};
  MailText mail = MailTextOf(parcels);
  EXPECT_EQ(mail.subject, "Spool: 1 job completed, 1 failed");
  EXPECT_EQ(mail.body,
            "Failed (1):\n  two: INVALID_MEDIA: probe x.mp4: no streams\n\n"
            "Completed (1):\n  one (holiday): 800x600, 3.0 s, 12345 bytes, mp4\n\n");
  for (int i = 0; i < 149; ++i) parcels.push_back(Completed("more"));
  mail = MailTextOf(parcels);
  EXPECT_EQ(mail.subject, "Spool: 150 jobs completed, 1 failed");
  EXPECT_THAT(mail.body, HasSubstr("  … and 50 more\n"));
}

TEST(MailBudget, OneAfterAnotherAndADigestWhenThereAreMany) {
  MailBudget budget(10, 3, {});
  budget.Add(1, "a", kNow);
  budget.Add(2, "b", kNow);
  EXPECT_THAT(budget.Take(kNow), ElementsAre(1));
  EXPECT_THAT(budget.Take(kNow), IsEmpty());
  EXPECT_EQ(budget.NextDue(kNow), absl::InfiniteFuture());
  budget.Add(3, "c", kNow);
  budget.Add(4, "d", kNow);
  budget.Done({1}, Schedule::End::kDelivered, kNow);
  EXPECT_THAT(budget.Take(kNow), ElementsAre(2, 3, 4));
  EXPECT_EQ(budget.size(), 3);
  budget.PutBack(2, kNow + absl::Seconds(9));
  budget.PutBack(3, kNow + absl::Seconds(9));
  budget.Done({4}, Schedule::End::kGivenUp, kNow);
  EXPECT_THAT(budget.Take(kNow), IsEmpty());
  EXPECT_EQ(budget.NextDue(kNow), kNow + absl::Seconds(9));
  budget.MakeDue(2);
  EXPECT_THAT(budget.Take(kNow), ElementsAre(2));
}

TEST(MailBudget, NeverMoreThanAllowedWithinAnyHourAndNothingIsLost) {
  MailBudget budget(4, 100, {kNow - absl::Minutes(30)});
  std::vector<absl::Time> mails = {kNow - absl::Minutes(30)};
  absl::Time now = kNow;
  int next = 1, told = 0;
  for (int minute = 0; minute < 300; ++minute, now += absl::Minutes(1)) {
    budget.Add(next, "job", now);
    ++next;
    for (auto ids = budget.Take(now); !ids.empty(); ids = budget.Take(now)) {
      told += static_cast<int>(ids.size());
      mails.push_back(now);
      budget.Done(ids, Schedule::End::kDelivered, now);
    }
    int lately = 0;
    for (const absl::Time mail : mails) lately += mail > now - absl::Hours(1) ? 1 : 0;
    ASSERT_LE(lately, 4) << minute;
    ASSERT_EQ(told + budget.size(), next - 1);
    if (budget.size() > 0) {
      ASSERT_GT(budget.NextDue(now), now);
      ASSERT_LE(budget.NextDue(now), now + absl::Hours(1));
    }
  }
  EXPECT_GT(told, 200);
}

}  // namespace
}  // namespace spool::notify

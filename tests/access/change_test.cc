// Tokens that change while the server runs, and what its audit log says of those who held them.

#include <signal.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "spool/v1/job_service.grpc.pb.h"
#include "tests/access/access_test_base.h"
#include "tests/access/certificates.h"
#include "tests/support/media.h"
#include "tests/support/watch.h"

namespace spool::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ChangeTest : public AccessTest {
 protected:
  void SetUp() override { AddUsualTokens(); }

  // Until the server knows this token, or knows it no more.
  void AwaitToken(const std::string& secret, bool known) {
    const absl::Time give_up = absl::Now() + absl::Seconds(60);
    client::Client client(server().address(), {.channel = {.token = secret}});
    while (client.ListPresets().ok() != known) {
      ASSERT_LT(absl::Now(), give_up) << "waited for the token to be " << (known ? "known" : "unknown");
      absl::SleepFor(absl::Milliseconds(10));
    }
  }
  std::string audit_file() const { return server_.folder() + "/audit"; }
  // "who method code reason ids" of each line.
  std::vector<std::string> Audit(const std::string& file) {
    std::vector<std::string> lines;
    const auto text = ReadFile(file);
    if (!text.ok()) return lines;
    for (const absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
      google::protobuf::Struct json;
      EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(std::string(line), &json).ok()) << line;
      auto& fields = *json.mutable_fields();
      EXPECT_TRUE(absl::StartsWith(fields["from"].string_value(), "ipv4:127.0.0.1:")) << line;
      EXPECT_TRUE(absl::StartsWith(fields["time"].string_value(), "20")) << line;
      std::string shown = absl::StrCat(fields["who"].string_value(), " ", fields["method"].string_value(), " ",
                                       fields["code"].string_value(), " ", fields["reason"].string_value());
      for (const auto& id : fields["ids"].list_value().values()) absl::StrAppend(&shown, " ", id.string_value());
      lines.push_back(shown);
    }
    return lines;
  }
};

TEST_F(ChangeTest, ARevokedTokensWatchEndsAndAnothersGoesOn) {
  AddToken("leaver", "\"scope\":\"read\"");
  WriteTokens();
  ASSERT_OK(Start());
  v1::WatchEventsRequest request;
  request.mutable_heartbeat_interval()->set_seconds(1);
  const auto leavers_stub = v1::JobService::NewStub(ChannelAs("leaver"));
  const auto stayers_stub = v1::JobService::NewStub(ChannelAs("read"));
  Watch leaver(leavers_stub.get(), request), stayer(stayers_stub.get(), request);
  ASSERT_OK(leaver.UntilOpened());
  ASSERT_OK(stayer.UntilOpened());
  RemoveToken("leaver");
  WriteTokens();
  const absl::Time give_up = absl::Now() + absl::Seconds(60);
  EXPECT_THAT(leaver.UntilEnd(), Refused(absl::StatusCode::kUnauthenticated, "TOKEN_REVOKED"));
  EXPECT_THAT(As("leaver").ListPresets(), Refused(absl::StatusCode::kUnauthenticated, "TOKEN_UNKNOWN"));
  // Its client may know of the end before the server has put it away.
  for (;;) {
    EXPECT_OK(stayer.Next());
    const auto stats = As("read").GetQueueStats();
    ASSERT_OK(stats);
    if (stats->watchers() == 1) break;
    ASSERT_LT(absl::Now(), give_up) << "the ended stream is not forgotten";
  }
}

TEST_F(ChangeTest, ATokenThatGrantsSomethingElseIsAskedForAgain) {
  ASSERT_OK(Start());
  v1::WatchEventsRequest request;
  request.mutable_heartbeat_interval()->set_seconds(1);
  const auto stub = v1::JobService::NewStub(ChannelAs("red"));
  Watch watch(stub.get(), request);
  ASSERT_OK(watch.UntilOpened());
  lines_["red"] = absl::StrReplaceAll(lines_["red"], {{"\"red\"}", "\"blue\"}"}});
  WriteTokens();
  EXPECT_THAT(watch.UntilEnd(), Refused(absl::StatusCode::kUnavailable, "TOKEN_CHANGED"));
  const std::string blue = EnqueueFor("blue");
  EXPECT_OK(As("red").GetJob(blue));
}

TEST_F(ChangeTest, ABadFileKeepsTheTokensAndIsLogged) {
  ASSERT_OK(Start());
  ASSERT_OK(Replace(token_file(), "nonsense\n"));
  ASSERT_OK(server().AwaitLog("the tokens stay as they were"));
  EXPECT_OK(As("read").ListPresets());
  const std::string& fresh = AddToken("fresh", "\"scope\":\"read\"");
  WriteTokens();
  AwaitToken(fresh, true);
}

TEST_F(ChangeTest, EveryWriteLeavesALineAndReadsLeaveNone) {
  ASSERT_OK(Start({"--audit_log=" + audit_file()}));
  ASSERT_OK(As("admin").PauseQueue());
  const std::string id = EnqueueFor("blue");
  ASSERT_OK(As("read").GetJob(id));
  ASSERT_OK(As("read").ListEvents({}));
  EXPECT_FALSE(As("read").CancelJob(id).ok());
  EXPECT_FALSE(As("red").CancelJob(id).ok());
  ASSERT_OK(As("write").CancelJob(id));
  ASSERT_OK(As("write").RetryJob(id));
  EXPECT_FALSE(As("write").DeleteJob(id).ok());
  EXPECT_FALSE(As("write").CancelJob("a\"b\n{\"who\":\"x\"}").ok());
  v1::EnqueueBatchRequest batch;
  batch.add_requests();
  auto* const good = batch.add_requests();
  good->set_job_id("by-batch");
  good->set_input("a.mp4");
  good->mutable_resize()->set_width(16);
  ASSERT_OK(As("write").EnqueueBatch(batch));
  const std::string still = server().folder() + "/still.png";
  ASSERT_OK(MakeStill(still, 8, 8));
  const auto uploaded = As("red").Upload(still);
  ASSERT_OK(uploaded);
  EXPECT_FALSE(As("read").Upload(still).ok());
  EXPECT_FALSE(As("write").ResumeQueue().ok());
  ASSERT_OK(As("admin").ResumeQueue());
  EXPECT_THAT(
      Audit(audit_file()),
      ElementsAre("admin PauseQueue OK ", "write Enqueue OK  " + id,
                  "read CancelJob PERMISSION_DENIED SCOPE_TOO_SMALL " + id,
                  "red CancelJob NOT_FOUND JOB_NOT_FOUND " + id, "write CancelJob OK  " + id,
                  "write RetryJob OK  " + id, "write DeleteJob FAILED_PRECONDITION JOB_NOT_TERMINAL " + id,
                  "write CancelJob NOT_FOUND JOB_NOT_FOUND a\"b\n{\"who\":\"x\"}", "write EnqueueBatch OK  by-batch",
                  "red UploadMedia OK  " + uploaded->media_id(), "read UploadMedia PERMISSION_DENIED SCOPE_TOO_SMALL",
                  "write ResumeQueue PERMISSION_DENIED SCOPE_TOO_SMALL", "admin ResumeQueue OK "));
}

TEST_F(ChangeTest, WithoutAFileTheServersLogHasTheLines) {
  ASSERT_OK(Start());
  ASSERT_OK(As("admin").PauseQueue());
  EXPECT_THAT(server().Log(), HasSubstr("msg=audit who=admin from=ipv4:127.0.0.1:"));
}

TEST_F(ChangeTest, SighupReadsAndOpensAnew) {
  ASSERT_OK(Start({"--audit_log=" + audit_file()}));
  ASSERT_OK(As("admin").PauseQueue());
  std::filesystem::rename(audit_file(), audit_file() + ".1");
  ASSERT_EQ(kill(server().pid(), SIGHUP), 0);
  ASSERT_OK(server().AwaitLog("files read again"));
  ASSERT_OK(As("admin").ResumeQueue());
  EXPECT_THAT(Audit(audit_file() + ".1"), ElementsAre("admin PauseQueue OK "));
  EXPECT_THAT(Audit(audit_file()), ElementsAre("admin ResumeQueue OK "));
}

}  // namespace
}  // namespace spool::testing

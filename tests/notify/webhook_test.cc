// A real server tells a real receiver of webhooks, which fails in every way there is, and both are killed meanwhile.
// The receiver checks signatures by the published Standard Webhooks library.

#include <signal.h>

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "tests/notify/helper.h"
#include "tests/notify/notify_test.h"

namespace spool::testing {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char kOtherSecret[] = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
constexpr char kNode[] = "node";

// A line of the receiver's journal.
struct Came {
  bool genuine = false;
  bool taken = false;
  std::string id;
  std::string media_type;
  google::protobuf::Struct cloud_event;
  v1::Event event;  // its data
};

class WebhookTest : public NotifyTest {
 protected:
  void StartReceiver(const std::string& behaviour, const std::string& secret = kSecret, bool tls = false) {
    std::vector<std::string> arguments = {
        kNode, Runfile("tests/notify/receiver.js"), absl::StrCat(receiver_.port()), secret, journal(), behaviour};
    if (tls) {
      ASSERT_OK(MakeCertificate(certificate()));
      arguments.push_back(certificate() + ".key");
      arguments.push_back(certificate() + ".crt");
    }
    ASSERT_OK(receiver_.Start(arguments, {absl::StrCat("NODE_PATH=", getenv("TEST_SRCDIR"), "/tools/node_modules")}));
  }
  std::string journal() { return server().folder() + "/journal"; }
  std::string certificate() { return server().folder() + "/receiver"; }

  // One webhook with `more` fields; at once again after failures.
  void StartNotifying(const std::string& more, const std::string& scheme = "http") {
    NotifyTest::StartNotifying(absl::StrCat("webhooks {\n  name: \"ops\"\n  url: \"", scheme,
                                            "://127.0.0.1:", receiver_.port(), "/in?token=hush\"\n  secrets: \"",
                                            kSecret, "\"\n", more, "\n}\n"));
  }
  static std::string Impatient() {
    return "allow_private: true timeout { nanos: 500000000 } retry_policy { max_retries: 100 "
           "initial_backoff { nanos: 20000000 } max_backoff { nanos: 200000000 } }";
  }

  std::vector<Came> Journal() {
    std::vector<Came> all;
    std::ifstream file(journal());
    for (std::string line; std::getline(file, line);) {
      const std::vector<std::string> fields = absl::StrSplit(line, absl::MaxSplits('\t', 4));
      EXPECT_EQ(fields.size(), 5) << line;
      Came came;
      came.genuine = fields[0] == "true";
      came.taken = fields[1] == "true";
      came.id = fields[2];
      came.media_type = fields[3];
      EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(fields[4], &came.cloud_event).ok()) << line;
      std::string data;
      EXPECT_TRUE(
          google::protobuf::util::MessageToJsonString(came.cloud_event.fields().at("data").struct_value(), &data).ok());
      if (absl::StartsWith(came.id, "evt_")) {
        EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(data, &came.event).ok()) << data;
      }
      all.push_back(std::move(came));
    }
    return all;
  }

  std::vector<v1::Event> WholeLog() {
    std::vector<v1::Event> log;
    v1::ListEventsRequest request;
    request.set_after_sequence(0);
    for (;;) {
      const auto page = client().ListEvents(request);
      EXPECT_OK(page);
      if (!page.ok() || page->events().empty()) return log;
      log.insert(log.end(), page->events().begin(), page->events().end());
      request.set_after_sequence(log.back().sequence());
    }
  }
  // Everything in the log came, genuine and as it is there; within a job no event came before the one before it was
  // taken.
  void JudgeJournal() {
    std::map<int64_t, v1::Event> log;
    for (v1::Event& event : WholeLog()) log[event.sequence()] = std::move(event);
    std::map<int64_t, std::set<std::string>> ids;
    std::set<int64_t> taken;
    std::map<std::pair<std::string, int64_t>, bool> taken_revisions;
    for (const Came& came : Journal()) {
      EXPECT_TRUE(came.genuine) << came.id;
      EXPECT_EQ(came.media_type, "application/cloudevents+json; charset=utf-8");
      const v1::Event& event = came.event;
      ASSERT_TRUE(log.count(event.sequence()) == 1) << event.sequence();
      EXPECT_EQ(event.SerializeAsString(), log[event.sequence()].SerializeAsString());
      const auto& fields = came.cloud_event.fields();
      EXPECT_EQ(fields.at("id").string_value(), came.id);
      EXPECT_EQ(fields.at("subject").string_value(), event.job_id());
      ids[event.sequence()].insert(came.id);
      if (event.job_revision() > 1) {
        const bool before = taken_revisions[std::make_pair(event.job_id(), event.job_revision() - 1)];
        EXPECT_TRUE(before) << event.job_id() << " revision " << event.job_revision() << " came too early";
      }
      if (came.taken) {
        taken.insert(event.sequence());
        taken_revisions[std::make_pair(event.job_id(), event.job_revision())] = true;
      }
    }
    EXPECT_EQ(taken.size(), log.size()) << "of " << log.size() << " events";
    for (const auto& [sequence, names] : ids) EXPECT_EQ(names.size(), 1) << sequence << " has more than one id";
  }

  Helper receiver_;
};

TEST_F(WebhookTest, EveryEventArrivesInOrderThroughFailuresAndKills) {
  AddStill("in.png", 8, 8);
  StartReceiver("1");
  StartNotifying(Impatient());
  // Three jobs have nine events at least. What was there before may have been told of already.
  const auto add_some_and_be_told = [&] {
    const size_t before = Journal().size();
    for (int i = 0; i < 3; ++i) Enqueue(Resize("in.png", 4, 4));
    Await("more requests", [&] { return Journal().size() > before + 3; });
  };
  for (int round = 0; round < 4; ++round) {
    add_some_and_be_told();
    server().Kill();
    if (round % 2 == 0) {
      receiver_.Kill();
      StartReceiver(absl::StrCat(round + 2));
    }
    StartNotifying(Impatient());
    add_some_and_be_told();
    receiver_.Kill();
    StartReceiver(absl::StrCat(round + 20));
  }
  Await("the jobs to end", [&] {
    const auto stats = client().GetQueueStats();
    return stats.ok() && stats->jobs().completed() == 24;
  });
  AwaitAllTold();
  JudgeJournal();
  const std::vector<Came> came = Journal();
  printf("%zu requests for %zu events\n", came.size(), WholeLog().size());
  EXPECT_THAT(Deliveries({v1::DELIVERY_STATE_FAILED}), IsEmpty());
}

TEST_F(WebhookTest, ADeathBetweenTheAnswerAndItsRecordRepeatsTheEvent) {
  StartReceiver("good");
  StartNotifying(Impatient());
  ASSERT_OK(client().PauseQueue());
  server().Terminate();
  ASSERT_OK(server().WaitForExit());
  ASSERT_OK(server().Start({"--notify_config=" + config_path()}, {"SPOOL_FAILPOINT=before-record"}));
  v1::EnqueueRequest request = Resize("in.png", 4, 4);
  AddStill("in.png", 8, 8);
  // The answer may be lost with the server.
  client().Enqueue(request).status().IgnoreError();
  const auto exit = server().WaitForExit();
  ASSERT_OK(exit);
  EXPECT_EQ(exit->signal, SIGKILL) << exit->error;
  ASSERT_EQ(Journal().size(), 1);
  StartNotifying(Impatient());
  AwaitAllTold();
  const std::vector<Came> came = Journal();
  ASSERT_EQ(came.size(), 2);
  EXPECT_EQ(came[0].id, came[1].id);
  JudgeJournal();
}

TEST_F(WebhookTest, RefusesTheLoopbackUnlessItIsAllowed) {
  AddStill("in.png", 8, 8);
  StartReceiver("good", kSecret, /*tls=*/true);
  StartNotifying(absl::StrCat("ca_file: \"", certificate(), ".crt\" retry_policy { max_retries: 0 }"), "https");
  const auto test = client().SendTest("ops");
  ASSERT_OK(test);
  EXPECT_FALSE(test->delivered());
  EXPECT_EQ(test->error(), "127.0.0.1 is not an address of the public Internet");
  Enqueue(Resize("in.png", 4, 4));
  Await("deliveries to fail", [&] { return Deliveries({v1::DELIVERY_STATE_FAILED}).size() == 3; });
  EXPECT_THAT(Deliveries()[0].error(), HasSubstr("not an address of the public Internet"));
  EXPECT_THAT(Journal(), IsEmpty());
}

TEST_F(WebhookTest, SpeaksTlsToWhomItsAuthorityVouchesFor) {
  StartReceiver("good", kSecret, /*tls=*/true);
  StartNotifying("allow_private: true", "https");
  auto test = client().SendTest("ops");
  ASSERT_OK(test);
  EXPECT_FALSE(test->delivered());
  EXPECT_THAT(test->error(), HasSubstr("certificate"));
  EXPECT_THAT(Journal(), IsEmpty());
  server().Terminate();
  ASSERT_OK(server().WaitForExit());
  StartNotifying(absl::StrCat("allow_private: true ca_file: \"", certificate(), ".crt\""), "https");
  test = client().SendTest("ops");
  ASSERT_OK(test);
  EXPECT_TRUE(test->delivered()) << test->error();
  EXPECT_EQ(test->response_code(), 204);
}

TEST_F(WebhookTest, SecretsAreRotatedWithoutALoss) {
  // The receiver has the new one already, the server signs with both.
  StartReceiver("good", kOtherSecret);
  const std::string file = server().folder() + "/other.secret";
  std::ofstream(file) << kOtherSecret << "\n";
  StartNotifying(absl::StrCat("allow_private: true secret_files: \"", file, "\""));
  EXPECT_TRUE(client().SendTest("ops")->delivered());
  ASSERT_EQ(Journal().size(), 1);
  EXPECT_TRUE(Journal()[0].genuine);
  EXPECT_EQ(Journal()[0].cloud_event.fields().at("type").string_value(), "spool.notification.test");
}

TEST_F(WebhookTest, OneThatIsGoneIsLeftAlone) {
  AddStill("in.png", 8, 8);
  StartReceiver("410");
  StartNotifying(Impatient());
  ASSERT_OK(client().PauseQueue());
  Enqueue(Resize("in.png", 4, 4));
  Await("the target to be disabled",
        [&] { return Targets().targets(0).state() == v1::NOTIFICATION_TARGET_STATE_DISABLED; });
  EXPECT_EQ(Targets().targets(0).disabled_reason(), "HTTP 410");
  const auto refused = client().Redeliver(1);
  EXPECT_THAT(refused.status(), Refused(absl::StatusCode::kFailedPrecondition, "TARGET_DISABLED"));
  const size_t requests = Journal().size();
  Enqueue(Resize("in.png", 4, 4));
  receiver_.Kill();
  StartReceiver("good");
  EXPECT_EQ(Journal().size(), requests);
  EXPECT_TRUE(client().SendTest("ops")->delivered());
  AwaitAllTold();
  EXPECT_EQ(Targets().targets(0).state(), v1::NOTIFICATION_TARGET_STATE_ACTIVE);
}

TEST_F(WebhookTest, TheLogOfDeliveriesIsPagedAndRepeats) {
  AddStill("in.png", 8, 8);
  StartReceiver("good");
  StartNotifying(Impatient() + " filter { types: EVENT_TYPE_QUEUED }");
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i) ids.push_back(Enqueue(Resize("in.png", 4, 4)));
  Await("ten deliveries", [&] { return Deliveries({v1::DELIVERY_STATE_DELIVERED}).size() == 10; });
  const std::vector<v1::Delivery> all = Deliveries();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(all[i].job_id(), ids[9 - i]);
    EXPECT_EQ(all[i].event_type(), v1::EVENT_TYPE_QUEUED);
  }
  EXPECT_THAT(client().Redeliver(all[3].id()), IsOk());
  Await("the repeated one", [&] { return Journal().size() == 11; });
  EXPECT_EQ(Journal().back().id, all[3].event_id());

  EXPECT_THAT(client().Redeliver(0).status(), Refused(absl::StatusCode::kInvalidArgument, "FIELD_INVALID"));
  EXPECT_THAT(client().Redeliver(999).status(), Refused(absl::StatusCode::kNotFound, "DELIVERY_NOT_FOUND"));
  EXPECT_THAT(client().SendTest("").status(), Refused(absl::StatusCode::kInvalidArgument, "FIELD_INVALID"));
  EXPECT_THAT(client().SendTest("x").status(), Refused(absl::StatusCode::kNotFound, "TARGET_NOT_FOUND"));
  v1::ListDeliveriesRequest request;
  request.set_page_size(3);
  const auto page = client().ListDeliveries(request);
  ASSERT_OK(page);
  request.set_page_token(page->next_page_token());
  request.mutable_filter()->set_target("ops");
  EXPECT_THAT(client().ListDeliveries(request).status(),
              Refused(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID"));
  request.clear_page_token();
  request.set_page_size(1001);
  EXPECT_THAT(client().ListDeliveries(request).status(), Refused(absl::StatusCode::kInvalidArgument, "FIELD_INVALID"));
  // Nothing that is said outside holds the URL's or the signature's secret.
  EXPECT_EQ(Targets().targets(0).destination(), absl::StrCat("http://127.0.0.1:", receiver_.port()));
  EXPECT_THAT(Targets().DebugString() + server().Log(), Not(AnyOf(HasSubstr("hush"), HasSubstr("whsec_"))));
}

TEST_F(WebhookTest, WithoutAConfigurationNobodyIsTold) {
  StartServer();
  EXPECT_EQ(Targets().targets_size(), 0);
  EXPECT_THAT(Deliveries(), IsEmpty());
  EXPECT_THAT(client().SendTest("ops").status(), Refused(absl::StatusCode::kNotFound, "TARGET_NOT_FOUND"));
  EXPECT_THAT(client().Redeliver(1).status(), Refused(absl::StatusCode::kNotFound, "DELIVERY_NOT_FOUND"));
}

TEST_F(WebhookTest, AWrongConfigurationIsToldWithItsLine) {
  const std::string path = config_path();
  std::ofstream(path) << "webhooks {\n  name: \"ops\"\n  url: \"gopher://x/\"\n}\n";
  const absl::Status started = server().Start({"--notify_config=" + path});
  EXPECT_THAT(std::string(started.message()),
              HasSubstr(absl::StrCat("spoold: ", path, ":3: webhooks[0].url: must begin with https://\n")));
}

}  // namespace
}  // namespace spool::testing

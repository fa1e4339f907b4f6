// Three subscribers, one history: opened before, opened in the middle with a snapshot, resumed after a kill.

#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

class ResumeTest : public SpooldTest {};

TEST_F(ResumeTest, ThreeSubscribersReconstructTheSameHistoryAcrossAKill) {
  AddStill("a.png");
  AddSlowVideo();
  StartServer();
  v1::WatchEventsRequest latest;
  latest.set_start_at(v1::START_AT_LATEST);
  latest.set_include_progress(true);
  auto first = OpenWatch(latest);
  ASSERT_OK(first->UntilOpened());
  auto resumed = OpenWatch(latest);
  ASSERT_OK(resumed->UntilOpened());

  for (int i = 0; i < 20; ++i) Enqueue(Resize("a.png", 8, 8));
  for (int left = 20; left > 0; --left) {
    const auto ended =
        resumed->Until([](const v1::Event& event) { return event.has_completed() || event.has_failed(); });
    ASSERT_OK(ended);
    ASSERT_TRUE(ended->has_completed()) << ended->ShortDebugString();
  }
  const std::string interrupted = Enqueue(ShortJob());
  ASSERT_NE(FreezeWorker(*resumed, interrupted), 0);

  v1::WatchEventsRequest snapshot;
  snapshot.set_start_at(v1::START_AT_SNAPSHOT);
  auto middle = OpenWatch(snapshot);
  while (true) {
    const auto response = middle->Next();
    ASSERT_OK(response);
    if (response->has_snapshot_complete()) break;
  }

  server().Kill();
  EXPECT_THAT(first->UntilEnd(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(middle->UntilEnd(), StatusIs(absl::StatusCode::kUnavailable));
  StartServer();
  for (Watch* watch : {first.get(), middle.get(), resumed.get()}) {
    watch->Resume(jobs());
    ASSERT_OK(watch->Until(v1::EVENT_TYPE_COMPLETED, interrupted));
  }
  // Each saw it go back to the queue; none had to be told twice.
  const v1::Job job = GetJob(interrupted);
  EXPECT_EQ(job.attempt(), 1);
  EXPECT_EQ(job.interruptions(), 1);

  const auto stats = client().GetQueueStats();
  ASSERT_OK(stats);
  for (Watch* watch : {first.get(), middle.get(), resumed.get()}) {
    ASSERT_OK(watch->UntilCovered(stats->head_sequence()));
    EXPECT_EQ(watch->feed().fold().jobs().size(), 21);
    for (const auto& [id, told] : watch->feed().fold().jobs()) EXPECT_OK(watch->feed().fold().Check(GetJob(id)));
  }
  ASSERT_EQ(first->feed().events().size(), stats->head_sequence());
  ASSERT_EQ(resumed->feed().events().size(), stats->head_sequence());
  for (size_t i = 0; i < first->feed().events().size(); ++i) {
    EXPECT_EQ(first->feed().events()[i].ShortDebugString(), resumed->feed().events()[i].ShortDebugString());
  }
}

// P6, P10.
TEST_F(ResumeTest, ATokenOfAnyCallResumesAWatchOfAnyFilter) {
  AddStill("a.png");
  StartServer({"--slots=1"});
  const auto enqueued = client().Enqueue(Resize("a.png", 8, 8));
  ASSERT_OK(enqueued);
  const std::string id = enqueued->job().id();
  v1::WatchEventsRequest after_enqueue;
  after_enqueue.set_resume_token(enqueued->resume_token());
  ASSERT_OK(OpenWatch(after_enqueue)->Until(v1::EVENT_TYPE_COMPLETED, id));

  const auto got = client().GetJob(id);
  ASSERT_OK(got);
  const std::string next = Enqueue(Resize("a.png", 4, 4));
  v1::WatchEventsRequest after_get;
  after_get.set_resume_token(got->resume_token());
  after_get.mutable_filter()->add_types(v1::EVENT_TYPE_COMPLETED);
  auto watch = OpenWatch(after_get);
  ASSERT_OK(watch->Until(v1::EVENT_TYPE_COMPLETED, next));
  EXPECT_EQ(watch->feed().events().size(), 1);

  v1::ListEventsRequest listing;
  listing.set_resume_token(watch->feed().token());
  const auto page = client().ListEvents(listing);
  ASSERT_OK(page);
  EXPECT_EQ(page->coverage().after(), watch->feed().through());
}

// P7.
TEST_F(ResumeTest, WhatRetentionRemovedIsSaid) {
  AddStill("a.png");
  StartServer();
  ASSERT_OK(client().PauseQueue());
  for (int i = 0; i < 20; ++i) Enqueue(Resize("a.png", 8, 8));
  server().Terminate();
  ASSERT_OK(server().WaitForExit());
  // Retention is looked after at the start.
  StartServer({"--retain_events=5"});
  int64_t earliest = 1;
  while (earliest == 1) {
    const auto stats = client().GetQueueStats();
    ASSERT_OK(stats);
    earliest = stats->earliest_sequence();
  }
  EXPECT_EQ(earliest, 16);

  v1::WatchEventsRequest from_the_first;
  from_the_first.set_after_sequence(0);
  const absl::Status gone = OpenWatch(from_the_first)->UntilEnd();
  EXPECT_THAT(gone, Refused(absl::StatusCode::kOutOfRange, "EVENTS_COMPACTED"));
  const auto info = client::ErrorInfoOf(gone);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->metadata().at("earliestSequence"), "16");

  // The token that comes with the refusal leads on.
  v1::WatchEventsRequest from_earliest;
  from_earliest.set_resume_token(info->metadata().at("earliestResumeToken"));
  auto watch = OpenWatch(from_earliest);
  ASSERT_OK(watch->UntilCovered(20));
  EXPECT_EQ(watch->feed().events().size(), 5);

  // Whoever would rather have a snapshot gets one, on the same stream.
  from_the_first.set_on_compacted(v1::ON_COMPACTED_SNAPSHOT);
  auto reset = OpenWatch(from_the_first);
  ASSERT_OK(reset->UntilCovered(20));
  EXPECT_EQ(reset->feed().fold().jobs().size(), 20);
}

// P8.
TEST_F(ResumeTest, TokensOfTheFutureAndOfOtherLogsAreRefused) {
  AddStill("a.png");
  StartServer();
  const auto enqueued = client().Enqueue(Resize("a.png", 8, 8));
  ASSERT_OK(enqueued);

  v1::WatchEventsRequest future;
  future.set_after_sequence(1000000);
  EXPECT_THAT(OpenWatch(future)->UntilEnd(), Refused(absl::StatusCode::kOutOfRange, "SEQUENCE_IN_FUTURE"));
  v1::WatchEventsRequest malformed;
  malformed.set_resume_token("not a token");
  EXPECT_THAT(OpenWatch(malformed)->UntilEnd(), Refused(absl::StatusCode::kInvalidArgument, "RESUME_TOKEN_MALFORMED"));

  SpooldProcess other;
  ASSERT_OK(other.Start());
  const auto stub = v1::JobService::NewStub(grpc::CreateChannel(other.address(), grpc::InsecureChannelCredentials()));
  v1::WatchEventsRequest foreign;
  foreign.set_resume_token(enqueued->resume_token());
  EXPECT_THAT(Watch(stub.get(), foreign).UntilEnd(),
              Refused(absl::StatusCode::kFailedPrecondition, "LOG_IDENTITY_CHANGED"));
}

}  // namespace
}  // namespace spool::testing

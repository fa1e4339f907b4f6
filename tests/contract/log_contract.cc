// A state change and its event are one write, told of in order and before the answer.

#include "tests/contract/job_store_contract.h"

namespace spool::contract {
namespace {

using ::testing::ElementsAre;

TEST_P(JobStoreContract, ANewStoreIsEmpty) {
  const store::LogRange range = store().Range();
  EXPECT_EQ(range.earliest, 1);
  EXPECT_EQ(range.head, 0);
  EXPECT_TRUE(Events().empty());
  EXPECT_TRUE(Jobs().empty());
  EXPECT_EQ(TakeId(), "");
  EXPECT_EQ(Advance(), absl::InfiniteFuture());
}

// P3.
TEST_P(JobStoreContract, EveryMoveIsOneEventAndOneRevision) {
  Add("a");
  const store::Lease lease = TakeLease("a");
  ASSERT_OK(Complete(lease));
  const std::vector<v1::Event> events = Events();
  ASSERT_THAT(events, ElementsAre(HasType(v1::EVENT_TYPE_QUEUED), HasType(v1::EVENT_TYPE_STARTED),
                                  HasType(v1::EVENT_TYPE_COMPLETED)));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(events[i].sequence(), i + 1);
    EXPECT_EQ(events[i].job_revision(), i + 1);
  }
  const auto stored = store().GetJob("a");
  ASSERT_OK(stored);
  EXPECT_EQ(stored->job.revision(), 3);
  EXPECT_EQ(stored->job.sequence(), 3);
  EXPECT_EQ(stored->head, 3);
  EXPECT_EQ(store().Range().head, 3);
}

TEST_P(JobStoreContract, EventsCarryWhatFiltersLookAt) {
  v1::EnqueueRequest request = Request("a");
  (*request.mutable_labels())["tier"] = "gold";
  Add(request);
  TakeLease("a");
  for (const v1::Event& event : Events()) {
    EXPECT_EQ(event.job_id(), "a");
    EXPECT_EQ(event.video_id(), "video-of-a");
    EXPECT_EQ(event.labels().at("tier"), "gold");
    EXPECT_EQ(event.event_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  }
}

TEST_P(JobStoreContract, AnswersCarryTheJobAsOfTheCommit) {
  const auto queued = Enqueue(Request("a"));
  ASSERT_OK(queued);
  EXPECT_EQ(queued->job.sequence(), 1);
  EXPECT_EQ(queued->job.revision(), 1);
  const auto taken = Take();
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->job.state(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(taken->job.attempt(), 1);
  EXPECT_EQ(taken->job.sequence(), 2);
  const auto completed = Complete(taken->lease);
  ASSERT_OK(completed);
  EXPECT_EQ(completed->state(), v1::JOB_STATE_COMPLETED);
  EXPECT_EQ(completed->sequence(), 3);
  EXPECT_EQ(completed->output(), "a.mp4");
  EXPECT_EQ(completed->result().width(), 320);
}

// P1.
TEST_P(JobStoreContract, TheListenerIsToldBeforeTheCallerAndReadersSeeIt) {
  constexpr int kJobs = 50;
  std::latch answered(kJobs);
  for (int i = 0; i < kJobs; ++i) {
    std::vector<job::NewJob> jobs;
    jobs.push_back(Make(Request("j" + std::to_string(i))));
    store().Enqueue(std::move(jobs), [&](absl::StatusOr<std::vector<absl::StatusOr<store::EnqueuedJob>>> results) {
      ASSERT_OK(results);
      ASSERT_OK(results->front());
      const v1::Job& job = results->front()->job;
      EXPECT_GE(listener().head(), job.sequence());
      EXPECT_GE(store().Range().head, job.sequence());
      EXPECT_OK(store().GetJob(job.id()));
      const auto events = store().ReadEvents(job.sequence() - 1, 1, 1 << 20);
      ASSERT_OK(events);
      EXPECT_EQ(events->size(), 1);
      answered.count_down();
    });
  }
  answered.wait();
}

TEST_P(JobStoreContract, WritesThatGatherKeepTheOrderInWhichTheyWereAskedFor) {
  const auto release = listener().HoldNextCommit();
  // The listener holds this one's commit, so that its answer comes only after the release.
  std::latch answered(4);
  std::vector<std::string> order;  // written on the store's thread only, until `answered`
  const auto note = [&](const std::string& what) {
    return [&, what](const auto& result) {
      EXPECT_OK(result);
      order.push_back(what);
      answered.count_down();
    };
  };
  std::vector<job::NewJob> jobs;
  jobs.push_back(Make(Request("a")));
  store().Enqueue(std::move(jobs), note("enqueue"));
  store().Cancel("a", note("cancel"));
  store().Retry("a", note("retry"));
  store().Take(store::JobStore::Lanes::kAny, note("take"));
  release();
  answered.wait();
  EXPECT_THAT(order, ElementsAre("enqueue", "cancel", "retry", "take"));
  EXPECT_THAT(Events(), ElementsAre(HasType(v1::EVENT_TYPE_QUEUED), HasType(v1::EVENT_TYPE_CANCELLED),
                                    HasType(v1::EVENT_TYPE_QUEUED), HasType(v1::EVENT_TYPE_STARTED)));
}

TEST_P(JobStoreContract, ARefusedWriteLeavesNothingAndSparesItsNeighbours) {
  Add("a");
  const auto release = listener().HoldNextCommit();
  std::latch answered(3);
  const auto count = [&](const auto&) { answered.count_down(); };
  std::vector<job::NewJob> jobs;
  jobs.push_back(Make(Request("b")));
  store().Enqueue(std::move(jobs), count);
  store().Cancel("nobody", [&](const absl::StatusOr<v1::Job>& refused) {
    EXPECT_THAT(refused, Refused(absl::StatusCode::kNotFound, "JOB_NOT_FOUND"));
    answered.count_down();
  });
  store().Cancel("a", count);
  release();
  answered.wait();
  EXPECT_EQ(store().Range().head, 3);
  EXPECT_EQ(StateOf("a"), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(StateOf("b"), v1::JOB_STATE_QUEUED);
}

TEST_P(JobStoreContract, WhatDoesNotExistIsNotFound) {
  for (const auto& refused : {Cancel("x"), Retry("x"), Delete("x")}) {
    EXPECT_THAT(refused, Refused(absl::StatusCode::kNotFound, "JOB_NOT_FOUND"));
  }
  EXPECT_THAT(store().GetJob("x"), Refused(absl::StatusCode::kNotFound, "JOB_NOT_FOUND"));
  EXPECT_EQ(store().Range().head, 0);
}

TEST_P(JobStoreContract, ReadEventsKeepsItsLimits) {
  std::vector<v1::EnqueueRequest> requests;
  for (int i = 0; i < 30; ++i) requests.push_back(Request("job-" + std::to_string(i)));
  EnqueueAll(requests);
  EXPECT_EQ(store().ReadEvents(0, 10, 1 << 20)->size(), 10);
  EXPECT_EQ(store().ReadEvents(25, 10, 1 << 20)->size(), 5);
  EXPECT_TRUE(store().ReadEvents(30, 10, 1 << 20)->empty());
  // "About": it may go over by one event, and one is always sent, or a reader would never get past a large one.
  const int64_t size = static_cast<int64_t>(store().ReadEvents(0, 1, 1 << 20)->front().bytes.size());
  EXPECT_EQ(store().ReadEvents(0, 10, 1)->size(), 1);
  EXPECT_NEAR(static_cast<double>(store().ReadEvents(0, 30, size * 5)->size()), 5, 1);
}

}  // namespace
}  // namespace spool::contract

// Retention: what may go, goes; what is unfinished never does; what is gone is said to be.

#include <string>

#include "tests/contract/job_store_contract.h"

namespace spool::contract {
namespace {

// Keeps everything; each test turns one limit down.
store::Retention KeepAll() {
  store::Retention retention;
  retention.max_job_age = absl::Hours(24 * 365 * 100);
  retention.max_finished_jobs = 1000000000;
  retention.max_event_age = absl::Hours(24 * 365 * 100);
  retention.max_events = 1000000000;
  retention.max_event_bytes = int64_t{1} << 60;
  return retention;
}

TEST_P(JobStoreContract, DefaultRetentionKeepsWhatIsNew) {
  AddInState("a", v1::JOB_STATE_COMPLETED);
  const store::Compacted done = Compact(store::Retention());
  EXPECT_EQ(done.jobs, 0);
  EXPECT_EQ(done.events, 0);
  EXPECT_EQ(listener().earliest(), 0) << "nothing was removed, so nothing is told";
}

TEST_P(JobStoreContract, FinishedJobsGoByAgeAndUnfinishedOnesNever) {
  AddInState("completed", v1::JOB_STATE_COMPLETED);
  AddInState("failed", v1::JOB_STATE_FAILED);
  AddInState("cancelled", v1::JOB_STATE_CANCELLED);
  AddInState("running", v1::JOB_STATE_RUNNING);
  AddInState("scheduled", v1::JOB_STATE_SCHEDULED);
  AddInState("queued", v1::JOB_STATE_QUEUED);
  clock_.Advance(absl::Hours(24 * 400));
  AddInState("young", v1::JOB_STATE_CANCELLED);
  store::Retention retention = KeepAll();
  retention.max_job_age = absl::Hours(1);
  EXPECT_EQ(Compact(retention).jobs, 3);
  for (const char* id : {"completed", "failed", "cancelled"}) {
    EXPECT_THAT(store().GetJob(id), Refused(absl::StatusCode::kNotFound, "JOB_NOT_FOUND"));
  }
  for (const char* id : {"running", "scheduled", "queued", "young"}) EXPECT_OK(store().GetJob(id));
  EXPECT_EQ(store().Stats()->jobs().completed(), 0);
  EXPECT_EQ(store().Stats()->jobs().cancelled(), 1);
  EXPECT_EQ(store().Stats()->totals().completed(), 1) << "totals do not shrink";
  // Retention removes jobs without an event, so what the events say of them is more than there is. The rest of the
  // suite's check at the end would complain; without the log's beginning it does not look.
  retention.max_events = 1;
  Compact(retention);
}

TEST_P(JobStoreContract, FinishedJobsGoByCountOldestEndFirst) {
  // In the order of their ends, not of their beginnings.
  for (const char* id : {"a", "b", "c", "d"}) Add(id);
  const store::Lease a = TakeLease("a"), b = TakeLease("b"), c = TakeLease("c");
  for (const store::Lease& lease : {c, a, b}) {
    clock_.Advance(absl::Seconds(1));
    ASSERT_OK(Complete(lease));
  }
  store::Retention retention = KeepAll();
  retention.max_finished_jobs = 1;
  EXPECT_EQ(Compact(retention).jobs, 2);
  EXPECT_THAT(store().GetJob("c"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(store().GetJob("a"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_OK(store().GetJob("b"));
  EXPECT_OK(store().GetJob("d"));
  // Ids are free again.
  EXPECT_EQ(Enqueue(Request("a"))->outcome, v1::ENQUEUE_OUTCOME_CREATED);
  retention.max_events = 1;
  Compact(retention);
}

TEST_P(JobStoreContract, EventsGoByCount) {
  for (int i = 0; i < 20; ++i) Add("j" + std::to_string(i));
  store::Retention retention = KeepAll();
  retention.max_events = 5;
  EXPECT_EQ(Compact(retention).events, 15);
  EXPECT_EQ(store().Range().earliest, 16);
  EXPECT_EQ(store().Range().head, 20);
  EXPECT_EQ(store().Stats()->earliest_sequence(), 16);
  EXPECT_EQ(listener().earliest(), 16);
  EXPECT_EQ(store().Stats()->jobs().queued(), 20) << "the jobs stay";
  EXPECT_EQ(Compact(retention).events, 0);
}

// P7.
TEST_P(JobStoreContract, ReadingWhatIsGoneIsOutOfRangeAtExactlyTheEdge) {
  for (int i = 0; i < 10; ++i) Add("j" + std::to_string(i));
  store::Retention retention = KeepAll();
  retention.max_events = 4;
  Compact(retention);
  ASSERT_EQ(store().Range().earliest, 7);
  for (const int64_t after : {0, 1, 5}) {
    EXPECT_THAT(store().ReadEvents(after, 10, 1 << 20), StatusIs(absl::StatusCode::kOutOfRange)) << after;
  }
  const auto kept = store().ReadEvents(6, 10, 1 << 20);
  ASSERT_OK(kept);
  ASSERT_EQ(kept->size(), 4);
  EXPECT_EQ(kept->front().sequence, 7);
}

TEST_P(JobStoreContract, AllEventsMayGo) {
  Add("a");
  Add("b");
  clock_.Advance(absl::Hours(2));
  store::Retention retention = KeepAll();
  retention.max_event_age = absl::Hours(1);
  EXPECT_EQ(Compact(retention).events, 2);
  EXPECT_EQ(store().Range().earliest, 3);
  EXPECT_EQ(store().Range().head, 2);
  EXPECT_TRUE(store().ReadEvents(2, 10, 1 << 20)->empty());
  EXPECT_THAT(store().ReadEvents(1, 10, 1 << 20), StatusIs(absl::StatusCode::kOutOfRange));
  Reopen();
  EXPECT_EQ(store().Range().earliest, 3);
  Add("c");
  EXPECT_EQ(store().Range().head, 3);
  EXPECT_EQ(Events(2).size(), 1);
  EXPECT_EQ(Get("c").queue_position(), 3);
}

TEST_P(JobStoreContract, EventsGoByAge) {
  Add("old");
  clock_.Advance(absl::Hours(2));
  Add("young");
  store::Retention retention = KeepAll();
  retention.max_event_age = absl::Hours(1);
  EXPECT_EQ(Compact(retention).events, 1);
  EXPECT_EQ(store().Range().earliest, 2);
}

TEST_P(JobStoreContract, EventsGoByBytes) {
  for (int i = 10; i < 30; ++i) Add("j" + std::to_string(i));
  const int64_t size = static_cast<int64_t>(store().ReadEvents(0, 1, 1 << 20)->front().bytes.size());
  store::Retention retention = KeepAll();
  retention.max_event_bytes = size * 5 + size / 2;
  Compact(retention);
  EXPECT_EQ(store().Range().earliest, 16);
}

TEST_P(JobStoreContract, ABoundedAmountGoesAtATimeAndItSaysThatThereIsMore) {
  std::vector<v1::EnqueueRequest> requests;
  for (int i = 0; i < 9000; ++i) requests.push_back(Request("j" + std::to_string(i)));
  EnqueueAll(requests);
  store::Retention retention = KeepAll();
  retention.max_events = 10;
  const auto first = store::Await<store::Compacted>([&](auto done) { store().Compact(retention, std::move(done)); });
  ASSERT_OK(first);
  EXPECT_TRUE(first->more);
  EXPECT_LT(first->events, 8990);
  EXPECT_EQ(first->events + Compact(retention).events, 8990);
  EXPECT_EQ(store().Range().earliest, 8991);
}

TEST_P(JobStoreContract, RetentionSurvivesARestart) {
  for (int i = 0; i < 10; ++i) Add("j" + std::to_string(i));
  store::Retention retention = KeepAll();
  retention.max_events = 3;
  Compact(retention);
  Reopen();
  EXPECT_EQ(store().Range().earliest, 8);
  EXPECT_EQ(store().Range().head, 10);
  EXPECT_THAT(store().ReadEvents(0, 1, 1), StatusIs(absl::StatusCode::kOutOfRange));
}

}  // namespace
}  // namespace spool::contract

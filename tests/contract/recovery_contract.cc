// What a restart finds: everything that was answered, and the attempts that the end of the server cut short.

#include "server/job/failure.h"
#include "tests/contract/job_store_contract.h"

namespace spool::contract {
namespace {

TEST_P(JobStoreContract, TheLogGoesOnAfterARestart) {
  Add("a");
  const uint64_t log_id = store().Range().log_id;
  const std::string first = store().ReadEvents(0, 1, 1 << 20)->front().bytes;
  Reopen();
  EXPECT_EQ(store().Range().log_id, log_id);
  EXPECT_EQ(store().Range().head, 1);
  EXPECT_EQ(store().ReadEvents(0, 1, 1 << 20)->front().bytes, first);
  Add("b");
  EXPECT_EQ(store().Range().head, 2);
}

TEST_P(JobStoreContract, AnInterruptedAttemptGoesBackToItsPlaceAndIsNotCounted) {
  for (const char* id : {"a", "b"}) Add(id);
  const store::Lease lease = TakeLease("a");
  Reopen();
  const v1::Job job = Get("a");
  EXPECT_EQ(job.state(), v1::JOB_STATE_QUEUED);
  EXPECT_EQ(job.attempt(), 0);
  EXPECT_EQ(job.interruptions(), 1);
  EXPECT_EQ(job.queue_position(), 1);
  EXPECT_EQ(Events().back().queued().reason(), v1::QUEUED_REASON_INTERRUPTED);
  // The worker of the old attempt, should it still live, has nothing to say any more.
  EXPECT_THAT(Complete(lease), Refused(absl::StatusCode::kAborted, "LEASE_LOST"));
  EXPECT_EQ(TakeId(), "a");
}

TEST_P(JobStoreContract, AnAttemptToBeCancelledIsCancelledByTheRestart) {
  Add("a");
  TakeLease("a");
  ASSERT_OK(Cancel("a"));
  Reopen();
  EXPECT_EQ(StateOf("a"), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(Get("a").interruptions(), 0);
}

TEST_P(JobStoreContract, AJobThatKeepsKillingServersIsGivenUpAtTheSixthTime) {
  Add("a");
  for (int crash = 1; crash <= 5; ++crash) {
    TakeLease("a");
    Reopen();
    ASSERT_EQ(StateOf("a"), v1::JOB_STATE_QUEUED) << "after crash " << crash;
    EXPECT_EQ(Get("a").interruptions(), crash);
  }
  TakeLease("a");
  Reopen();
  EXPECT_EQ(StateOf("a"), v1::JOB_STATE_FAILED);
  EXPECT_EQ(Get("a").error().reason(), "CRASH_LOOP");
  EXPECT_EQ(Get("a").interruptions(), 6);
  // Somebody who knows better may try again, as often.
  ASSERT_OK(Retry("a"));
  EXPECT_EQ(Get("a").interruptions(), 0);
}

TEST_P(JobStoreContract, AnInterruptionDoesNotUseUpRetries) {
  v1::EnqueueRequest request = Request("a");
  request.mutable_retry_policy()->set_max_retries(1);
  Add(request);
  ASSERT_THAT(Fail(TakeLease("a"), job::kInternal), IsJobIn(v1::JOB_STATE_SCHEDULED));
  clock_.Advance(absl::Minutes(10));
  Advance();
  TakeLease("a");
  Reopen();
  EXPECT_EQ(Get("a").attempt(), 1);
  const auto again = Take();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->job.attempt(), 2);
  EXPECT_THAT(Fail(again->lease, job::kInternal), IsJobIn(v1::JOB_STATE_FAILED));
}

TEST_P(JobStoreContract, ManyInterruptedAttemptsAreAllHandedBack) {
  std::vector<v1::EnqueueRequest> requests;
  for (int i = 0; i < 300; ++i) requests.push_back(Request("j" + std::to_string(i)));
  EnqueueAll(requests);
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(Take().has_value());
  Reopen();
  EXPECT_EQ(store().Stats()->jobs().queued(), 300);
  EXPECT_EQ(store().Stats()->jobs().running(), 0);
  EXPECT_EQ(Get("j299").queue_position(), 300);
}

TEST_P(JobStoreContract, AWriteThatWasAskedForBeforeTheCloseIsDone) {
  absl::StatusOr<v1::Job> cancelled = absl::UnknownError("not answered");
  Add("a");
  store().Cancel("a", [&](absl::StatusOr<v1::Job> job) { cancelled = std::move(job); });
  Reopen();
  EXPECT_THAT(cancelled, IsJobIn(v1::JOB_STATE_CANCELLED));
  EXPECT_EQ(StateOf("a"), v1::JOB_STATE_CANCELLED);
}

}  // namespace
}  // namespace spool::contract

// What happens by the clock: delayed jobs, retries with backoff, the limit on waiting.

#include "server/base/proto_time.h"
#include "server/job/failure.h"
#include "tests/contract/job_store_contract.h"

namespace spool::contract {
namespace {

v1::EnqueueRequest WithRunAt(v1::EnqueueRequest request, absl::Time run_at) {
  *request.mutable_run_at() = ToProto(run_at);
  return request;
}

v1::EnqueueRequest WithQueueTime(v1::EnqueueRequest request, absl::Duration most) {
  *request.mutable_limits()->mutable_max_queue_time() = ToProto(most);
  return request;
}

TEST_P(JobStoreContract, ADelayedJobWaitsForItsTime) {
  const absl::Time run_at = clock_.Now() + absl::Minutes(10);
  const auto enqueued = Enqueue(WithRunAt(Request("a"), run_at));
  ASSERT_OK(enqueued);
  EXPECT_EQ(enqueued->job.state(), v1::JOB_STATE_SCHEDULED);
  EXPECT_EQ(enqueued->job.queue_position(), 0);
  EXPECT_EQ(TakeId(), "");
  EXPECT_EQ(Advance(), run_at);
  clock_.Advance(absl::Minutes(10) - absl::Microseconds(1));
  EXPECT_EQ(Advance(), run_at);
  EXPECT_EQ(StateOf("a"), v1::JOB_STATE_SCHEDULED);
  clock_.Advance(absl::Microseconds(1));
  EXPECT_EQ(Advance(), absl::InfiniteFuture());
  EXPECT_EQ(Events().back().queued().reason(), v1::QUEUED_REASON_DUE);
  EXPECT_EQ(Get("a").queue_position(), 1);
  EXPECT_EQ(TakeId(), "a");
}

TEST_P(JobStoreContract, AJobThatComesDueQueuesBehindThoseThatWait) {
  Add(WithRunAt(Request("late"), clock_.Now() + absl::Seconds(1)));
  Add("a");
  clock_.Advance(absl::Seconds(1));
  Advance();
  EXPECT_EQ(TakeId(), "a");
  EXPECT_EQ(TakeId(), "late");
}

TEST_P(JobStoreContract, ATimeThatHasPassedIsNow) {
  EXPECT_EQ(Enqueue(WithRunAt(Request("a"), clock_.Now()))->job.state(), v1::JOB_STATE_QUEUED);
  EXPECT_EQ(Enqueue(WithRunAt(Request("b"), clock_.Now() - absl::Hours(1)))->job.state(), v1::JOB_STATE_QUEUED);
}

TEST_P(JobStoreContract, WhatCameDueWhileTheServerWasAwayIsDue) {
  Add(WithRunAt(Request("a"), clock_.Now() + absl::Hours(1)));
  Reopen();
  clock_.Advance(absl::Hours(2));
  Advance();
  EXPECT_EQ(TakeId(), "a");
}

TEST_P(JobStoreContract, AdvanceSaysWhenTheNextIsDue) {
  const absl::Time now = clock_.Now();
  Add(WithRunAt(Request("later"), now + absl::Minutes(2)));
  Add(WithRunAt(Request("sooner"), now + absl::Minutes(1)));
  EXPECT_EQ(Advance(), now + absl::Minutes(1));
  ASSERT_OK(Cancel("sooner"));
  EXPECT_EQ(Advance(), now + absl::Minutes(2));
  Add(WithQueueTime(Request("impatient"), absl::Seconds(30)));
  EXPECT_EQ(Advance(), now + absl::Seconds(30));
}

TEST_P(JobStoreContract, ManyThatAreDueAreMovedBoundedlyAtATime) {
  std::vector<v1::EnqueueRequest> requests;
  for (int i = 0; i < 1500; ++i) {
    requests.push_back(WithRunAt(Request("j" + std::to_string(i)), clock_.Now() + absl::Seconds(1 + i)));
  }
  EnqueueAll(requests);
  clock_.Advance(absl::Hours(1));
  int calls = 0;
  while (Advance() <= clock_.Now()) ASSERT_LT(++calls, 1500) << "it never says that it is done";
  EXPECT_EQ(store().Stats()->jobs().queued(), 1500);
  // In the order in which they came due.
  EXPECT_EQ(TakeId(), "j0");
  EXPECT_EQ(TakeId(), "j1");
}

TEST_P(JobStoreContract, AFailureThatMayPassIsTriedAgainAfterABackoff) {
  v1::EnqueueRequest request = Request("a");
  *request.mutable_retry_policy()->mutable_initial_backoff() = ToProto(absl::Seconds(10));
  Add(request);
  ASSERT_THAT(Fail(TakeLease("a"), job::kWorkerCrashed), IsJobIn(v1::JOB_STATE_SCHEDULED));
  const v1::Event event = Events().back();
  ASSERT_TRUE(event.has_retrying());
  EXPECT_EQ(event.retrying().error().reason(), "WORKER_CRASHED");
  EXPECT_EQ(event.retrying().error().attempt(), 1);
  // Full jitter: anywhere between at once and the whole backoff.
  const absl::Time next = FromProto(event.retrying().next_attempt_at());
  EXPECT_GE(next, clock_.Now());
  EXPECT_LE(next, clock_.Now() + absl::Seconds(10));
  clock_.Advance(absl::Seconds(10));
  Advance();
  const auto again = Take();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->job.attempt(), 2);
  EXPECT_OK(Complete(again->lease));
}

TEST_P(JobStoreContract, TheLastRetryThatFailsEndsTheJob) {
  Add("a");
  for (int attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_THAT(Fail(TakeLease("a"), job::kStalled), IsJobIn(v1::JOB_STATE_SCHEDULED)) << attempt;
    clock_.Advance(absl::Minutes(5));
    Advance();
  }
  ASSERT_THAT(Fail(TakeLease("a"), job::kStalled), IsJobIn(v1::JOB_STATE_FAILED));
  EXPECT_EQ(Get("a").attempt(), 4);
  EXPECT_EQ(Get("a").error().reason(), "STALLED");
  EXPECT_EQ(store().Stats()->totals().retried(), 3);
}

TEST_P(JobStoreContract, AJobThatWaitsForItsRetryCanBeCancelled) {
  Add("a");
  ASSERT_OK(Fail(TakeLease("a"), job::kInternal));
  ASSERT_THAT(Cancel("a"), IsJobIn(v1::JOB_STATE_CANCELLED));
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Advance(), absl::InfiniteFuture());
  EXPECT_EQ(TakeId(), "");
}

TEST_P(JobStoreContract, AJobThatWaitsTooLongFails) {
  Add(WithQueueTime(Request("a"), absl::Seconds(30)));
  const absl::Time expiry = clock_.Now() + absl::Seconds(30);
  EXPECT_EQ(Advance(), expiry);
  clock_.Advance(absl::Seconds(30));
  EXPECT_EQ(Advance(), absl::InfiniteFuture());
  ASSERT_EQ(StateOf("a"), v1::JOB_STATE_FAILED);
  EXPECT_EQ(Get("a").error().reason(), "QUEUE_TIMEOUT");
  EXPECT_FALSE(Events().back().failed().has_started_at());
}

TEST_P(JobStoreContract, AJobThatWaitedTooLongIsNotGivenOut) {
  Add(WithQueueTime(Request("a"), absl::Seconds(30)));
  Add("b");
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(TakeId(), "b");
  EXPECT_EQ(StateOf("a"), v1::JOB_STATE_FAILED);
}

TEST_P(JobStoreContract, ADelayedJobBeginsToWaitWhenItsTimeComes) {
  Add(WithQueueTime(WithRunAt(Request("a"), clock_.Now() + absl::Minutes(1)), absl::Seconds(30)));
  clock_.Advance(absl::Minutes(1));
  Advance();
  EXPECT_EQ(StateOf("a"), v1::JOB_STATE_QUEUED);
  clock_.Advance(absl::Seconds(30));
  Advance();
  EXPECT_EQ(StateOf("a"), v1::JOB_STATE_FAILED);
}

// The limit is on the wait before the first start; what was started once has had that wait.
TEST_P(JobStoreContract, AJobThatWasStartedDoesNotWaitTooLong) {
  for (const char* id : {"retried", "handed-back", "interrupted"}) {
    Add(WithQueueTime(Request(id), absl::Seconds(30)));
  }
  const store::Lease retried = TakeLease("retried");
  const store::Lease handed_back = TakeLease("handed-back");
  TakeLease("interrupted");
  clock_.Advance(absl::Minutes(1));
  ASSERT_OK(Fail(retried, job::kInternal));
  ASSERT_OK(HandBack(handed_back));
  Reopen();
  clock_.Advance(absl::Minutes(10));
  Advance();
  for (const char* id : {"retried", "handed-back", "interrupted"}) {
    EXPECT_EQ(StateOf(id), v1::JOB_STATE_QUEUED) << id;
  }
}

}  // namespace
}  // namespace spool::contract

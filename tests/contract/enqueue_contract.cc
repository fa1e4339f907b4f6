// Enqueue: idempotent by request_id and job_id, many at once, each with its own outcome.

#include "tests/contract/job_store_contract.h"

namespace spool::contract {
namespace {

TEST_P(JobStoreContract, ANewJobIsCreatedAndQueued) {
  const auto enqueued = Enqueue(Request("a"));
  ASSERT_OK(enqueued);
  EXPECT_EQ(enqueued->outcome, v1::ENQUEUE_OUTCOME_CREATED);
  EXPECT_EQ(enqueued->job.state(), v1::JOB_STATE_QUEUED);
  EXPECT_EQ(enqueued->job.queue_position(), 1);
  EXPECT_EQ(enqueued->job.attempt(), 0);
  const v1::Event event = Events().front();
  EXPECT_EQ(event.queued().reason(), v1::QUEUED_REASON_ENQUEUED);
  EXPECT_EQ(event.queued().queue_position(), 1);
  EXPECT_EQ(event.queued().job_id(), "a");
  EXPECT_EQ(event.queued().video_id(), "video-of-a");
  EXPECT_EQ(event.queued().type(), v1::JOB_TYPE_RESIZE);
}

TEST_P(JobStoreContract, TheSameRequestAgainIsTheSameJob) {
  v1::EnqueueRequest request = Request("");
  request.set_request_id("r1");
  const auto first = Enqueue(request);
  ASSERT_OK(first);
  // The server made the id, so the second time it makes another one; the request_id decides.
  const auto again = Enqueue(request);
  ASSERT_OK(again);
  EXPECT_EQ(again->outcome, v1::ENQUEUE_OUTCOME_EXISTING);
  EXPECT_EQ(again->job.id(), first->job.id());
  EXPECT_EQ(store().Range().head, 1);
}

TEST_P(JobStoreContract, AnExistingJobIsAnsweredAsItIsNow) {
  v1::EnqueueRequest request = Request("a");
  request.set_request_id("r1");
  Add(request);
  Add("b");
  EXPECT_EQ(Enqueue(request)->job.queue_position(), 1);
  const store::Lease lease = TakeLease("a");
  EXPECT_EQ(Enqueue(request)->job.state(), v1::JOB_STATE_RUNNING);
  ASSERT_OK(Complete(lease));
  const auto again = Enqueue(request);
  ASSERT_OK(again);
  EXPECT_EQ(again->outcome, v1::ENQUEUE_OUTCOME_EXISTING);
  EXPECT_EQ(again->job.state(), v1::JOB_STATE_COMPLETED);
  EXPECT_EQ(again->job.revision(), 3);
}

TEST_P(JobStoreContract, TheSameJobIdWithTheSameRequestExists) {
  Add("a");
  const auto again = Enqueue(Request("a"));
  ASSERT_OK(again);
  EXPECT_EQ(again->outcome, v1::ENQUEUE_OUTCOME_EXISTING);
}

TEST_P(JobStoreContract, AnotherRequestUnderAKnownIdIsRefused) {
  v1::EnqueueRequest request = Request("a");
  request.set_request_id("r1");
  Add(request);

  v1::EnqueueRequest other = Request("a");
  other.set_priority(7);
  const auto taken = Enqueue(other);
  EXPECT_THAT(taken, Refused(absl::StatusCode::kAlreadyExists, "JOB_ID_TAKEN"));
  EXPECT_EQ(ErrorInfoOf(taken.status()).metadata().at("jobId"), "a");

  other.set_job_id("b");
  other.set_request_id("r1");
  const auto reused = Enqueue(other);
  EXPECT_THAT(reused, Refused(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED"));
  EXPECT_EQ(ErrorInfoOf(reused.status()).metadata().at("jobId"), "a");

  EXPECT_EQ(store().Range().head, 1);
  EXPECT_EQ(Get("a").priority(), 0);
  EXPECT_THAT(store().GetJob("b"), StatusIs(absl::StatusCode::kNotFound));
}

// P14.
TEST_P(JobStoreContract, IdempotencySurvivesARestart) {
  v1::EnqueueRequest request = Request("a");
  request.set_request_id("r1");
  Add(request);
  Reopen();
  EXPECT_EQ(Enqueue(request)->outcome, v1::ENQUEUE_OUTCOME_EXISTING);
  request.set_priority(1);
  EXPECT_THAT(Enqueue(request), Refused(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED"));
}

TEST_P(JobStoreContract, ADeletedJobsIdsAreFree) {
  v1::EnqueueRequest request = Request("a");
  request.set_request_id("r1");
  Add(request);
  ASSERT_OK(Cancel("a"));
  ASSERT_OK(Delete("a"));
  request.set_priority(3);
  const auto anew = Enqueue(request);
  ASSERT_OK(anew);
  EXPECT_EQ(anew->outcome, v1::ENQUEUE_OUTCOME_CREATED);
  EXPECT_EQ(anew->job.revision(), 1);
}

TEST_P(JobStoreContract, EachOfABatchHasItsOwnOutcome) {
  Add("known");
  v1::EnqueueRequest conflicting = Request("known");
  conflicting.set_priority(1);
  v1::EnqueueRequest with_request_id = Request("c");
  with_request_id.set_request_id("r1");
  v1::EnqueueRequest same_request_id = Request("d");
  same_request_id.set_request_id("r1");
  same_request_id.set_video_id("video-of-c");
  const auto results =
      EnqueueAll({Request("a"), Request("known"), conflicting, with_request_id, same_request_id, Request("b")});
  ASSERT_EQ(results.size(), 6);
  EXPECT_EQ(results[0]->outcome, v1::ENQUEUE_OUTCOME_CREATED);
  EXPECT_EQ(results[1]->outcome, v1::ENQUEUE_OUTCOME_EXISTING);
  EXPECT_THAT(results[2], Refused(absl::StatusCode::kAlreadyExists, "JOB_ID_TAKEN"));
  EXPECT_EQ(results[3]->outcome, v1::ENQUEUE_OUTCOME_CREATED);
  EXPECT_EQ(results[4]->outcome, v1::ENQUEUE_OUTCOME_EXISTING);
  EXPECT_EQ(results[4]->job.id(), "c");
  EXPECT_EQ(results[5]->outcome, v1::ENQUEUE_OUTCOME_CREATED);
  // The order of the requests is the order in the log and in the queue.
  EXPECT_EQ(store().Range().head, 4);
  EXPECT_EQ(Get("a").queue_position(), 2);
  EXPECT_EQ(Get("c").queue_position(), 3);
  EXPECT_EQ(Get("b").queue_position(), 4);
}

TEST_P(JobStoreContract, ABatchIsOneCommit) {
  std::vector<v1::EnqueueRequest> requests;
  for (int i = 0; i < 2000; ++i) requests.push_back(Request("j" + std::to_string(i)));
  const auto snapshot_before = store().OpenSnapshot();
  ASSERT_OK(snapshot_before);
  EnqueueAll(requests);
  EXPECT_EQ((*snapshot_before)->through(), 0);
  EXPECT_EQ(store().Range().head, 2000);
  EXPECT_EQ(Get("j1999").queue_position(), 2000);
}

}  // namespace
}  // namespace spool::contract

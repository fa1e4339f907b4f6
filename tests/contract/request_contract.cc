// What callers may ask of a job, in every state that it can be in.

#include <vector>

#include "server/job/failure.h"
#include "tests/contract/job_store_contract.h"

namespace spool::contract {
namespace {

const std::vector<v1::JobState>& AllStates() {
  static const auto* const states =
      new std::vector<v1::JobState>{v1::JOB_STATE_SCHEDULED, v1::JOB_STATE_QUEUED, v1::JOB_STATE_RUNNING,
                                    v1::JOB_STATE_COMPLETED, v1::JOB_STATE_FAILED, v1::JOB_STATE_CANCELLED};
  return *states;
}

TEST_P(JobStoreContract, CancelInEveryState) {
  for (const v1::JobState state : AllStates()) {
    SCOPED_TRACE(v1::JobState_Name(state));
    const std::string id = v1::JobState_Name(state);
    AddInState(id, state);
    const int64_t revision = Get(id).revision();
    const auto answer = Cancel(id);
    switch (state) {
      case v1::JOB_STATE_SCHEDULED:
      case v1::JOB_STATE_QUEUED:
        EXPECT_THAT(answer, IsJobIn(v1::JOB_STATE_CANCELLED));
        EXPECT_EQ(Get(id).revision(), revision + 1);
        EXPECT_FALSE(Get(id).has_next_attempt_at());
        break;
      case v1::JOB_STATE_RUNNING:
        EXPECT_THAT(answer, IsJobIn(v1::JOB_STATE_RUNNING));
        EXPECT_EQ(Get(id).revision(), revision + 1);
        break;
      case v1::JOB_STATE_CANCELLED:
        EXPECT_THAT(answer, IsJobIn(v1::JOB_STATE_CANCELLED));
        EXPECT_EQ(Get(id).revision(), revision) << "asking again changes nothing";
        break;
      default:
        EXPECT_THAT(answer, Refused(absl::StatusCode::kFailedPrecondition, "JOB_TERMINAL"));
        EXPECT_EQ(Get(id).revision(), revision);
    }
  }
}

TEST_P(JobStoreContract, RetryInEveryState) {
  for (const v1::JobState state : AllStates()) {
    SCOPED_TRACE(v1::JobState_Name(state));
    const std::string id = v1::JobState_Name(state);
    AddInState(id, state);
    clock_.Advance(absl::Seconds(1));
    const int64_t revision = Get(id).revision();
    const auto answer = Retry(id);
    if (state == v1::JOB_STATE_FAILED || state == v1::JOB_STATE_CANCELLED) {
      ASSERT_THAT(answer, IsJobIn(v1::JOB_STATE_QUEUED));
      EXPECT_EQ(answer->attempt(), 0);
      EXPECT_FALSE(answer->has_error());
      EXPECT_FALSE(answer->has_failed_at());
      EXPECT_FALSE(answer->has_cancelled_at());
      EXPECT_EQ(answer->queued_at().seconds(), absl::ToUnixSeconds(clock_.Now()));
      EXPECT_EQ(Events().back().queued().reason(), v1::QUEUED_REASON_RETRIED);
    } else {
      EXPECT_THAT(answer, Refused(absl::StatusCode::kFailedPrecondition, "JOB_NOT_RETRYABLE"));
      EXPECT_EQ(Get(id).revision(), revision);
    }
  }
}

TEST_P(JobStoreContract, DeleteInEveryState) {
  for (const v1::JobState state : AllStates()) {
    SCOPED_TRACE(v1::JobState_Name(state));
    const std::string id = v1::JobState_Name(state);
    AddInState(id, state);
    const int64_t revision = Get(id).revision();
    const auto answer = Delete(id);
    if (state == v1::JOB_STATE_COMPLETED || state == v1::JOB_STATE_FAILED || state == v1::JOB_STATE_CANCELLED) {
      EXPECT_THAT(answer, IsJobIn(state));
      EXPECT_THAT(store().GetJob(id), StatusIs(absl::StatusCode::kNotFound));
      const v1::Event event = Events().back();
      EXPECT_EQ(event.type(), v1::EVENT_TYPE_DELETED);
      EXPECT_EQ(event.state(), state);
      EXPECT_EQ(event.job_revision(), revision + 1);
    } else {
      EXPECT_THAT(answer, Refused(absl::StatusCode::kFailedPrecondition, "JOB_NOT_TERMINAL"));
      EXPECT_EQ(Get(id).revision(), revision);
    }
  }
}

TEST_P(JobStoreContract, ARetriedJobHasAllItsRetriesAgain) {
  v1::EnqueueRequest request = Request("a");
  request.mutable_retry_policy()->set_max_retries(0);
  Add(request);
  for (int round = 0; round < 3; ++round) {
    ASSERT_THAT(Fail(TakeLease("a"), job::kInternal), IsJobIn(v1::JOB_STATE_FAILED));
    ASSERT_OK(Retry("a"));
  }
  ASSERT_OK(Complete(TakeLease("a")));
  EXPECT_FALSE(Get("a").has_error());
  EXPECT_FALSE(Get("a").has_failed_at());
}

}  // namespace
}  // namespace spool::contract

// How attempts end: under a lease, by completing, failing, being handed back, or being cancelled.

#include "server/base/proto_time.h"
#include "server/job/failure.h"
#include "tests/contract/job_store_contract.h"

namespace spool::contract {
namespace {

using ::testing::ElementsAre;

TEST_P(JobStoreContract, ACompletedJobHasItsResultAndTimes) {
  Add("a");
  clock_.Advance(absl::Seconds(2));
  const store::Lease lease = TakeLease("a");
  clock_.Advance(absl::Milliseconds(45320));
  ASSERT_THAT(Complete(lease), IsJobIn(v1::JOB_STATE_COMPLETED));
  const v1::Event event = Events().back();
  EXPECT_EQ(FromProto(event.completed().duration()), absl::Milliseconds(45320));
  EXPECT_EQ(FromProto(event.completed().started_at()) - FromProto(event.completed().queued_at()), absl::Seconds(2));
  EXPECT_EQ(event.completed().result().width(), 320);
  EXPECT_EQ(Get("a").output(), "a.mp4");
}

TEST_P(JobStoreContract, AStaleLeaseIsRefusedAndChangesNothing) {
  Add("a");
  const store::Lease stale = TakeLease("a");
  ASSERT_OK(HandBack(stale));
  const store::Lease current = TakeLease("a");
  store::Lease guessed = current;
  guessed.token ^= 1;
  store::Lease of_nobody = current;
  of_nobody.job_id = "nobody";
  const std::string before = Get("a").SerializeAsString();
  const int64_t head = store().Range().head;
  for (const store::Lease& lease : {stale, guessed, of_nobody, store::Lease{"a", 0}}) {
    EXPECT_THAT(Complete(lease), Refused(absl::StatusCode::kAborted, "LEASE_LOST"));
    EXPECT_THAT(Fail(lease, job::kInternal), Refused(absl::StatusCode::kAborted, "LEASE_LOST"));
    EXPECT_THAT(HandBack(lease), Refused(absl::StatusCode::kAborted, "LEASE_LOST"));
    EXPECT_THAT(FinishCancel(lease), Refused(absl::StatusCode::kAborted, "LEASE_LOST"));
  }
  EXPECT_EQ(Get("a").SerializeAsString(), before);
  EXPECT_EQ(store().Range().head, head);
  EXPECT_OK(Complete(current));
}

TEST_P(JobStoreContract, ALeaseEndsWithItsAttempt) {
  Add("a");
  const store::Lease lease = TakeLease("a");
  ASSERT_OK(Complete(lease));
  EXPECT_THAT(Complete(lease), Refused(absl::StatusCode::kAborted, "LEASE_LOST"));
  EXPECT_THAT(Fail(lease, job::kInternal), Refused(absl::StatusCode::kAborted, "LEASE_LOST"));
  EXPECT_EQ(StateOf("a"), v1::JOB_STATE_COMPLETED);
  ASSERT_OK(Delete("a"));
  EXPECT_THAT(Complete(lease), Refused(absl::StatusCode::kAborted, "LEASE_LOST"));
}

TEST_P(JobStoreContract, BadInputFailsAtOnceAndSaysWhy) {
  Add("a");
  ASSERT_THAT(Fail(TakeLease("a"), job::kInvalidMedia), IsJobIn(v1::JOB_STATE_FAILED));
  const v1::Job job = Get("a");
  EXPECT_EQ(job.error().reason(), "INVALID_MEDIA");
  EXPECT_EQ(job.error().message(), "it went wrong");
  EXPECT_EQ(job.error().attempt(), 1);
  EXPECT_FALSE(job.error().retryable());
  EXPECT_EQ(Events().back().failed().error().reason(), "INVALID_MEDIA");
  EXPECT_EQ(Advance(), absl::InfiniteFuture());
}

TEST_P(JobStoreContract, HandingBackUsesNoAttempt) {
  Add("a");
  for (int i = 0; i < 10; ++i) ASSERT_THAT(HandBack(TakeLease("a")), IsJobIn(v1::JOB_STATE_QUEUED));
  EXPECT_EQ(Get("a").attempt(), 0);
  EXPECT_EQ(Get("a").interruptions(), 0);
  EXPECT_EQ(Events().back().queued().reason(), v1::QUEUED_REASON_INTERRUPTED);
}

TEST_P(JobStoreContract, ACancelOfARunningJobIsAWishUntilItsWorkerIsGone) {
  Add("a");
  const store::Lease lease = TakeLease("a");
  const auto wished = Cancel("a");
  ASSERT_THAT(wished, IsJobIn(v1::JOB_STATE_RUNNING));
  EXPECT_TRUE(wished->has_cancel_requested_at());
  EXPECT_THAT(Cancel("a"), IsJobIn(v1::JOB_STATE_RUNNING));
  ASSERT_THAT(FinishCancel(lease), IsJobIn(v1::JOB_STATE_CANCELLED));
  EXPECT_FALSE(Get("a").has_cancel_requested_at());
  EXPECT_THAT(Events(), ElementsAre(HasType(v1::EVENT_TYPE_QUEUED), HasType(v1::EVENT_TYPE_STARTED),
                                    HasType(v1::EVENT_TYPE_CANCEL_REQUESTED), HasType(v1::EVENT_TYPE_CANCELLED)));
}

TEST_P(JobStoreContract, AnAttemptThatIsToBeCancelledEndsCancelledHoweverItFails) {
  for (const char* id : {"failed", "handed-back"}) Add(id);
  const store::Lease failed = TakeLease("failed");
  const store::Lease handed_back = TakeLease("handed-back");
  ASSERT_OK(Cancel("failed"));
  ASSERT_OK(Cancel("handed-back"));
  EXPECT_THAT(Fail(failed, job::kWorkerCrashed), IsJobIn(v1::JOB_STATE_CANCELLED));
  EXPECT_THAT(HandBack(handed_back), IsJobIn(v1::JOB_STATE_CANCELLED));
}

TEST_P(JobStoreContract, ACancelThatComesTooLateLoses) {
  Add("a");
  const store::Lease lease = TakeLease("a");
  ASSERT_OK(Cancel("a"));
  EXPECT_THAT(Complete(lease), IsJobIn(v1::JOB_STATE_COMPLETED));
  EXPECT_FALSE(Get("a").has_cancel_requested_at());
}

}  // namespace
}  // namespace spool::contract

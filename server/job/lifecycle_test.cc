#include "server/job/lifecycle.h"

#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/proto_time.h"
#include "server/base/status_matchers.h"
#include "server/job/failure.h"
#include "server/job/retry_policy.h"

namespace spool::job {
namespace {

const absl::Time kT0 = absl::FromUnixSeconds(1767225600);

v1::Job NewJob() {
  v1::Job job;
  job.set_id("resize-v-1");
  job.set_video_id("v");
  job.set_type(v1::JOB_TYPE_RESIZE);
  *job.mutable_retry_policy() = WithDefaults({});
  (*job.mutable_labels())["team"] = "a";
  return job;
}

v1::Job RunningJob() {
  v1::Job job = NewJob();
  Accept(job, 1, kT0);
  EXPECT_OK(Take(job, kT0 + absl::Seconds(1)));
  return job;
}

TEST(Lifecycle, TheWholeWayHasTheFirstDesignsFields) {
  v1::Job job = NewJob();
  v1::Event queued = Accept(job, 4, kT0);
  EXPECT_EQ(queued.queued().job_id(), "resize-v-1");
  EXPECT_EQ(queued.queued().type(), v1::JOB_TYPE_RESIZE);
  EXPECT_EQ(queued.queued().video_id(), "v");
  EXPECT_EQ(queued.queued().queue_position(), 4);
  EXPECT_EQ(FromProto(queued.queued().queued_at()), kT0);
  EXPECT_EQ(queued.state(), v1::JOB_STATE_QUEUED);
  EXPECT_EQ(queued.labels().at("team"), "a");

  const auto started = Take(job, kT0 + absl::Seconds(2));
  ASSERT_OK(started);
  EXPECT_EQ(started->attempt(), 1);
  EXPECT_EQ(FromProto(started->started().queued_at()), kT0);

  v1::JobResult result;
  result.set_width(800);
  result.set_output("o.mp4");
  const auto completed = Complete(job, result, kT0 + absl::Seconds(5));
  ASSERT_OK(completed);
  EXPECT_EQ(FromProto(completed->completed().duration()), absl::Seconds(3));
  EXPECT_EQ(completed->completed().result().width(), 800);
  EXPECT_EQ(job.output(), "o.mp4");
  EXPECT_EQ(job.state(), v1::JOB_STATE_COMPLETED);
}

TEST(Lifecycle, TheEventLeavesOutWhatOnlyTheJobsReaderNeeds) {
  v1::Job job = RunningJob();
  v1::JobResult result;
  result.set_width(800);
  result.mutable_plan()->add_outputs();
  v1::OutputResult& made = *result.add_outputs();
  made.mutable_result()->set_width(800);
  made.mutable_result()->add_streams();
  v1::OutputResult& failed = *result.add_outputs();
  failed.mutable_error()->set_reason("INVALID_SPEC");
  failed.mutable_error()->add_log_lines("line");
  const auto event = Complete(job, result, kT0);
  ASSERT_OK(event);
  const v1::JobResult& told = event->completed().result();
  EXPECT_EQ(told.width(), 800);
  EXPECT_FALSE(told.has_plan());
  ASSERT_EQ(told.outputs_size(), 2);
  EXPECT_EQ(told.outputs(0).result().width(), 800);
  EXPECT_EQ(told.outputs(0).result().streams_size(), 0);
  EXPECT_EQ(told.outputs(1).error().reason(), "INVALID_SPEC");
  EXPECT_EQ(told.outputs(1).error().log_lines_size(), 0);
  EXPECT_EQ(job.result().SerializeAsString(), result.SerializeAsString());
}

TEST(Lifecycle, RunAtAheadSchedulesAndBehindQueues) {
  v1::Job job = NewJob();
  *job.mutable_run_at() = ToProto(kT0 + absl::Seconds(10));
  EXPECT_EQ(Accept(job, 1, kT0).type(), v1::EVENT_TYPE_SCHEDULED);
  EXPECT_EQ(job.state(), v1::JOB_STATE_SCHEDULED);
  const auto due = ComeDue(job, 2, kT0 + absl::Seconds(10));
  ASSERT_OK(due);
  EXPECT_EQ(due->queued().reason(), v1::QUEUED_REASON_DUE);
  EXPECT_FALSE(job.has_next_attempt_at());

  v1::Job late = NewJob();
  *late.mutable_run_at() = ToProto(kT0 - absl::Seconds(10));
  EXPECT_EQ(Accept(late, 1, kT0).type(), v1::EVENT_TYPE_QUEUED);
}

TEST(Lifecycle, RetryableFailureBacksOffUntilRetriesAreUsed) {
  v1::Job job = RunningJob();
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const auto event = FailAttempt(job, MakeError(kWorkerCrashed, "x"), 0.5, kT0);
    ASSERT_OK(event);
    EXPECT_EQ(event->type(), v1::EVENT_TYPE_RETRYING);
    EXPECT_EQ(event->retrying().error().attempt(), attempt);
    ASSERT_OK(ComeDue(job, 1, kT0));
    ASSERT_OK(Take(job, kT0));
  }
  const auto last = FailAttempt(job, MakeError(kWorkerCrashed, "x"), 0.5, kT0);
  ASSERT_OK(last);
  EXPECT_EQ(last->type(), v1::EVENT_TYPE_FAILED);
  EXPECT_EQ(job.attempt(), 4);
}

TEST(Lifecycle, BadInputFailsAtOnce) {
  v1::Job job = RunningJob();
  const auto event = FailAttempt(job, MakeError(kInvalidMedia, "no"), 0.5, kT0);
  ASSERT_OK(event);
  EXPECT_EQ(event->type(), v1::EVENT_TYPE_FAILED);
  EXPECT_EQ(event->failed().error().reason(), "INVALID_MEDIA");
}

TEST(Lifecycle, HandBackUsesNoAttempt) {
  v1::Job job = RunningJob();
  const auto event = HandBack(job, 1, Interruption::kOrderly, kT0);
  ASSERT_OK(event);
  EXPECT_EQ(event->queued().reason(), v1::QUEUED_REASON_INTERRUPTED);
  EXPECT_EQ(job.attempt(), 0);
  EXPECT_EQ(job.interruptions(), 0);
}

TEST(Lifecycle, SixthCrashIsACrashLoop) {
  v1::Job job = RunningJob();
  for (int i = 1; i <= kMaxInterruptions; ++i) {
    ASSERT_OK(HandBack(job, 1, Interruption::kCrash, kT0));
    ASSERT_EQ(job.state(), v1::JOB_STATE_QUEUED);
    ASSERT_OK(Take(job, kT0));
  }
  const auto event = HandBack(job, 1, Interruption::kCrash, kT0);
  ASSERT_OK(event);
  EXPECT_EQ(event->failed().error().reason(), "CRASH_LOOP");
}

TEST(Lifecycle, CancelOfARunningJobIsAWishThatEndsIt) {
  for (int way = 0; way < 3; ++way) {
    v1::Job job = RunningJob();
    const auto wish = Cancel(job, kT0);
    ASSERT_OK(wish);
    ASSERT_TRUE(wish->has_value());
    EXPECT_EQ((*wish)->type(), v1::EVENT_TYPE_CANCEL_REQUESTED);
    EXPECT_EQ(job.state(), v1::JOB_STATE_RUNNING);
    const auto again = Cancel(job, kT0);
    ASSERT_OK(again);
    EXPECT_FALSE(again->has_value());
    const auto end = way == 0   ? FinishCancel(job, kT0)
                     : way == 1 ? FailAttempt(job, MakeError(kWorkerCrashed, ""), 0, kT0)
                                : HandBack(job, 1, Interruption::kCrash, kT0);
    ASSERT_OK(end);
    EXPECT_EQ(end->type(), v1::EVENT_TYPE_CANCELLED);
    EXPECT_EQ(job.state(), v1::JOB_STATE_CANCELLED);
  }
}

TEST(Lifecycle, CancelOfAFinishedJobSaysWhy) {
  v1::Job job = RunningJob();
  ASSERT_OK(Complete(job, {}, kT0));
  const auto refused = Cancel(job, kT0);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition, "COMPLETED"));
  EXPECT_EQ(ErrorInfoOf(refused.status()).reason(), "JOB_TERMINAL");
}

TEST(Lifecycle, RetryStartsAfresh) {
  v1::Job job = RunningJob();
  ASSERT_OK(FailAttempt(job, MakeError(kInvalidMedia, "no"), 0, kT0));
  const auto event = Retry(job, 1, kT0 + absl::Minutes(1));
  ASSERT_OK(event);
  EXPECT_EQ(event->queued().reason(), v1::QUEUED_REASON_RETRIED);
  EXPECT_EQ(job.attempt(), 0);
  EXPECT_FALSE(job.has_error());
  EXPECT_EQ(FromProto(job.queued_at()), kT0 + absl::Minutes(1));
  EXPECT_EQ(ErrorInfoOf(Retry(job, 1, kT0).status()).reason(), "JOB_NOT_RETRYABLE");
}

TEST(Lifecycle, DeleteIsForFinishedJobs) {
  v1::Job job = RunningJob();
  EXPECT_EQ(ErrorInfoOf(Delete(job, kT0).status()).reason(), "JOB_NOT_TERMINAL");
  ASSERT_OK(Complete(job, {}, kT0));
  ASSERT_OK(Delete(job, kT0));
}

TEST(Lifecycle, QueueTimeCountsFromRunAtAndNotAfterTheFirstStart) {
  v1::Job job = NewJob();
  *job.mutable_limits()->mutable_max_queue_time() = ToProto(absl::Seconds(5));
  *job.mutable_run_at() = ToProto(kT0 + absl::Seconds(10));
  Accept(job, 1, kT0);
  EXPECT_EQ(ExpiryOf(job), kT0 + absl::Seconds(15));
  ASSERT_OK(ComeDue(job, 1, kT0 + absl::Seconds(10)));
  v1::Job expired = job;
  const auto event = Expire(expired, kT0 + absl::Seconds(15));
  ASSERT_OK(event);
  EXPECT_EQ(event->failed().error().reason(), "QUEUE_TIMEOUT");
  ASSERT_OK(Take(job, kT0 + absl::Seconds(11)));
  EXPECT_EQ(ExpiryOf(job), absl::InfiniteFuture());
  for (const Interruption interruption : {Interruption::kOrderly, Interruption::kCrash}) {
    v1::Job back = job;
    ASSERT_OK(HandBack(back, 1, interruption, kT0 + absl::Seconds(12)));
    EXPECT_EQ(ExpiryOf(back), absl::InfiniteFuture());
  }
}

TEST(Lifecycle, StampCountsRevisions) {
  v1::Job job = NewJob();
  v1::Event event = Accept(job, 1, kT0);
  Stamp(job, event, 41);
  EXPECT_EQ(event.sequence(), 41);
  EXPECT_EQ(event.job_revision(), 1);
  event = *Take(job, kT0);
  Stamp(job, event, 44);
  EXPECT_EQ(event.job_revision(), 2);
  EXPECT_EQ(job.sequence(), 44);
}

}  // namespace
}  // namespace spool::job

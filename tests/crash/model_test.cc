// The judge is judged: it takes a true log, and sees each one that cannot be true.

#include "tests/crash/model.h"

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace spool::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

enum class What { kQueued, kRetried, kStarted, kCompleted, kFailed, kCancelRequested, kCancelled, kDeleted };

// A log that says only what the judge looks at.
class Log {
 public:
  // Appends, and answers the job as a call would that had this effect.
  v1::Job Add(const std::string& job_id, What what) {
    v1::Event event;
    event.set_sequence(static_cast<int64_t>(events_.size()) + 1);
    event.set_job_id(job_id);
    event.set_job_revision(++revisions_[job_id]);
    switch (what) {
      case What::kQueued:
      case What::kRetried:
        event.set_state(v1::JOB_STATE_QUEUED);
        event.mutable_queued()->set_reason(what == What::kRetried ? v1::QUEUED_REASON_RETRIED
                                                                  : v1::QUEUED_REASON_ENQUEUED);
        break;
      case What::kStarted:
        event.set_state(v1::JOB_STATE_RUNNING);
        event.mutable_started();
        break;
      case What::kCompleted:
        event.set_state(v1::JOB_STATE_COMPLETED);
        event.mutable_completed();
        break;
      case What::kFailed:
        event.set_state(v1::JOB_STATE_FAILED);
        event.mutable_failed();
        break;
      case What::kCancelRequested:
        event.set_state(v1::JOB_STATE_RUNNING);
        event.mutable_cancel_requested();
        break;
      case What::kCancelled:
        event.set_state(v1::JOB_STATE_CANCELLED);
        event.mutable_cancelled();
        break;
      case What::kDeleted:
        event.set_state(v1::JOB_STATE_FAILED);
        event.mutable_deleted();
        break;
    }
    v1::Job job;
    job.set_id(job_id);
    job.set_sequence(event.sequence());
    job.set_revision(event.job_revision());
    job.set_state(event.state());
    events_.push_back(std::move(event));
    return job;
  }

  std::vector<v1::Event>& events() { return events_; }

 private:
  std::vector<v1::Event> events_;
  std::map<std::string, int64_t> revisions_;
};

class ModelTest : public ::testing::Test {
 protected:
  using Kind = Model::Kind;

  v1::Job Enqueue(const std::string& job_id) {
    const Model::Call call = model_.Invoke(Kind::kEnqueue, job_id);
    const v1::Job job = log_.Add(job_id, What::kQueued);
    model_.Done(call, job);
    return job;
  }
  void Fail(const std::string& job_id) {
    log_.Add(job_id, What::kStarted);
    log_.Add(job_id, What::kFailed);
  }
  std::string Verdict() { return absl::StrJoin(model_.Judge(log_.events()), "\n"); }

  Model model_;
  Log log_;
};

TEST_F(ModelTest, TakesWhatWasAskedFor) {
  Enqueue("a");
  Fail("a");
  const Model::Call retry = model_.Invoke(Kind::kRetry, "a");
  model_.Done(retry, log_.Add("a", What::kRetried));
  const Model::Call cancel = model_.Invoke(Kind::kCancel, "a");
  log_.Add("a", What::kStarted);
  model_.WasSo(cancel, log_.Add("a", What::kCancelRequested));
  log_.Add("a", What::kCancelled);
  const Model::Call deletion = model_.Invoke(Kind::kDelete, "a");
  log_.Add("a", What::kDeleted);
  model_.Deleted(deletion);
  model_.Refused(model_.Invoke(Kind::kRetry, "a"), "JOB_NOT_FOUND");
  EXPECT_THAT(model_.Judge(log_.events()), IsEmpty());
}

TEST_F(ModelTest, AnUnansweredCallMayHaveHappenedOrNot) {
  model_.Invoke(Kind::kEnqueue, "lost");
  model_.Invoke(Kind::kEnqueue, "made");
  log_.Add("made", What::kQueued);
  Enqueue("a");
  Fail("a");
  model_.Invoke(Kind::kRetry, "a");
  model_.Invoke(Kind::kDelete, "a");
  EXPECT_THAT(model_.Judge(log_.events()), IsEmpty());
  log_.Add("a", What::kDeleted);
  EXPECT_THAT(model_.Judge(log_.events()), IsEmpty());
}

TEST_F(ModelTest, SeesThatAnAcknowledgedJobIsNotInTheLog) {
  Enqueue("a");
  log_.events().clear();
  EXPECT_THAT(Verdict(), HasSubstr("is not in the log"));
}

TEST_F(ModelTest, SeesAnotherJobInItsPlace) {
  Enqueue("a");
  model_.Invoke(Kind::kEnqueue, "b");
  log_.events()[0].set_job_id("b");
  EXPECT_THAT(Verdict(), HasSubstr("the log has instead"));
}

TEST_F(ModelTest, SeesWhatNobodyAskedFor) {
  Enqueue("a");
  log_.Add("b", What::kQueued);
  EXPECT_THAT(Verdict(), HasSubstr("job b is in the log, and nobody had asked for it"));
}

TEST_F(ModelTest, SeesACancelThatNobodyAskedFor) {
  Enqueue("a");
  log_.Add("a", What::kCancelled);
  EXPECT_THAT(Verdict(), HasSubstr("job a was cancelled, and nobody had asked for it"));
}

TEST_F(ModelTest, SeesAJobThatWasCreatedTwice) {
  const v1::Job job = Enqueue("a");
  model_.Done(model_.Invoke(Kind::kEnqueue, "a"), job);
  EXPECT_THAT(Verdict(), HasSubstr("job a was created 2 times"));
}

TEST_F(ModelTest, SeesARetryThatNobodyAskedFor) {
  Enqueue("a");
  Fail("a");
  log_.Add("a", What::kRetried);
  EXPECT_THAT(Verdict(), HasSubstr("job a was retried 1 times; answered were 0, unanswered 0"));
}

TEST_F(ModelTest, SeesARevisionLeftOut) {
  Enqueue("a");
  log_.Add("a", What::kStarted);
  log_.events()[1].set_job_revision(3);
  EXPECT_THAT(Verdict(), HasSubstr("revision does not follow 1"));
}

TEST_F(ModelTest, SeesASecondLease) {
  Enqueue("a");
  log_.Add("a", What::kStarted);
  log_.Add("a", What::kStarted);
  EXPECT_THAT(Verdict(), HasSubstr("a second lease"));
}

TEST_F(ModelTest, SeesACompletionOfWhatDoesNotRun) {
  Enqueue("a");
  log_.Add("a", What::kCompleted);
  EXPECT_THAT(Verdict(), HasSubstr("completed while not running"));
}

TEST_F(ModelTest, SeesThatATerminalStateChanges) {
  Enqueue("a");
  Fail("a");
  log_.Add("a", What::kStarted);
  EXPECT_THAT(Verdict(), HasSubstr("a terminal state changed"));
}

TEST_F(ModelTest, SeesThatAnAcknowledgedJobIsNotFound) {
  Enqueue("a");
  model_.Refused(model_.Invoke(Kind::kRetry, "a"), "JOB_NOT_FOUND");
  EXPECT_THAT(Verdict(), HasSubstr("acknowledged, then not found"));
}

TEST_F(ModelTest, SeesThatAJobIsNotFoundBeforeItsDeletion) {
  Enqueue("a");
  Fail("a");
  model_.Refused(model_.Invoke(Kind::kRetry, "a"), "JOB_NOT_FOUND");
  const Model::Call deletion = model_.Invoke(Kind::kDelete, "a");
  log_.Add("a", What::kDeleted);
  model_.Deleted(deletion);
  EXPECT_THAT(Verdict(), HasSubstr("acknowledged, then not found"));
}

TEST_F(ModelTest, SeesADeletionThatNobodyAskedFor) {
  Enqueue("a");
  Fail("a");
  log_.Add("a", What::kDeleted);
  EXPECT_THAT(Verdict(), HasSubstr("job a was deleted 1 times; answered were 0, unanswered 0"));
}

TEST_F(ModelTest, SeesADeletionThatWasAnsweredAndIsNotInTheLog) {
  Enqueue("a");
  Fail("a");
  model_.Deleted(model_.Invoke(Kind::kDelete, "a"));
  EXPECT_THAT(Verdict(), HasSubstr("job a was deleted 0 times; answered were 1, unanswered 0"));
}

TEST_F(ModelTest, SeesADeletionThatWasAnsweredTwice) {
  Enqueue("a");
  Fail("a");
  const Model::Call deletion = model_.Invoke(Kind::kDelete, "a");
  log_.Add("a", What::kDeleted);
  model_.Deleted(deletion);
  model_.Deleted(model_.Invoke(Kind::kDelete, "a"));
  EXPECT_THAT(Verdict(), HasSubstr("answered after the job's deletion"));
}

TEST_F(ModelTest, SeesADeletionOfWhatHasNotEnded) {
  Enqueue("a");
  const Model::Call deletion = model_.Invoke(Kind::kDelete, "a");
  log_.Add("a", What::kDeleted);
  model_.Deleted(deletion);
  EXPECT_THAT(Verdict(), HasSubstr("deleted while not terminal"));
}

TEST_F(ModelTest, SeesWhatFollowsADeletion) {
  Enqueue("a");
  Fail("a");
  const Model::Call deletion = model_.Invoke(Kind::kDelete, "a");
  log_.Add("a", What::kDeleted);
  model_.Deleted(deletion);
  log_.Add("a", What::kStarted);
  EXPECT_THAT(Verdict(), HasSubstr("something follows DELETED"));
}

TEST_F(ModelTest, OnlyJobsWhoseEnqueueWasAnsweredAreEnqueued) {
  EXPECT_EQ(model_.AnyEnqueuedJob(7), "");
  model_.Invoke(Kind::kEnqueue, "unanswered");
  EXPECT_EQ(model_.AnyEnqueuedJob(7), "");
  // It was made, all the same, and this is how one learns of it.
  model_.WasSo(model_.Invoke(Kind::kCancel, "unanswered"), log_.Add("unanswered", What::kQueued));
  EXPECT_EQ(model_.AnyEnqueuedJob(7), "");
  EXPECT_EQ(model_.AnyJob(7), "unanswered");
  Enqueue("a");
  EXPECT_EQ(model_.AnyEnqueuedJob(7), "a");
}

}  // namespace
}  // namespace spool::testing

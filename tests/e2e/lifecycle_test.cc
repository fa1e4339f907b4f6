// The less usual ways of a job: delayed, retried by hand, deleted.

#include "absl/time/clock.h"
#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

class LifecycleTest : public SpooldTest {
 protected:
  void SetUp() override {
    AddStill("a.png");
    StartServer();
    watch_ = OpenWatch(FromEarliest());
  }
  std::unique_ptr<Watch> watch_;
};

TEST_F(LifecycleTest, ADelayedJobRunsWhenItsTimeComes) {
  v1::EnqueueRequest request = Resize("a.png", 2, 2);
  const absl::Time run_at = absl::Now() + absl::Milliseconds(500);
  request.mutable_run_at()->set_seconds(absl::ToUnixSeconds(run_at));
  request.mutable_run_at()->set_nanos(
      static_cast<int32_t>(absl::ToUnixNanos(run_at) - absl::ToUnixSeconds(run_at) * 1000000000));
  const std::string id = Enqueue(request);
  ASSERT_OK(watch_->Until(v1::EVENT_TYPE_SCHEDULED, id));
  const auto queued = watch_->Until(v1::EVENT_TYPE_QUEUED, id);
  ASSERT_OK(queued);
  EXPECT_EQ(queued->queued().reason(), v1::QUEUED_REASON_DUE);
  EXPECT_GE(absl::FromUnixSeconds(queued->event_time().seconds()) + absl::Nanoseconds(queued->event_time().nanos()),
            absl::FromUnixMicros(absl::ToUnixMicros(run_at)));
  ASSERT_OK(watch_->Until(v1::EVENT_TYPE_COMPLETED, id));
}

TEST_F(LifecycleTest, AFailedJobIsRetriedOnceItsInputIsThere) {
  const std::string id = Enqueue(Resize("late.png", 2, 2));
  ASSERT_OK(watch_->Until(v1::EVENT_TYPE_FAILED, id));
  EXPECT_EQ(GetJob(id).error().reason(), "INPUT_NOT_FOUND");
  AddStill("late.png");
  const auto retried = client().RetryJob(id);
  ASSERT_OK(retried);
  EXPECT_EQ(retried->job().attempt(), 0);
  ASSERT_OK(watch_->Until(v1::EVENT_TYPE_COMPLETED, id));
  EXPECT_THAT(client().RetryJob(id), Refused(absl::StatusCode::kFailedPrecondition, "JOB_NOT_RETRYABLE"));
  EXPECT_EQ(GetJob(id).attempt(), 1);
}

TEST_F(LifecycleTest, ADeletedJobIsGoneAndItsOutputStays) {
  const std::string id = Enqueue(Resize("a.png", 2, 2));
  ASSERT_OK(watch_->Until(v1::EVENT_TYPE_COMPLETED, id));
  ASSERT_OK(client().DeleteJob(id));
  ASSERT_OK(watch_->Until(v1::EVENT_TYPE_DELETED, id));
  EXPECT_THAT(client().GetJob(id), Refused(absl::StatusCode::kNotFound, "JOB_NOT_FOUND"));
  EXPECT_THAT(client().DeleteJob(id), Refused(absl::StatusCode::kNotFound, "JOB_NOT_FOUND"));
  EXPECT_EQ(server().OutputFiles().size(), 1);
  ASSERT_OK(client().PauseQueue());
  const std::string waiting = Enqueue(Resize("a.png", 2, 2));
  EXPECT_THAT(client().DeleteJob(waiting), Refused(absl::StatusCode::kFailedPrecondition, "JOB_NOT_TERMINAL"));
}

}  // namespace
}  // namespace spool::testing

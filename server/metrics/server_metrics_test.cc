#include "server/metrics/server_metrics.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/fake_clock.h"
#include "server/base/status_matchers.h"
#include "server/base/ulid.h"
#include "server/job/request.h"
#include "server/store/await.h"
#include "server/store/sqlite/sqlite_job_store.h"

namespace spool::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

job::NewJob NewResize(const std::string& id, int priority, absl::Time now) {
  v1::EnqueueRequest request;
  request.set_job_id(id);
  request.set_input("in.mp4");
  request.set_priority(priority);
  request.mutable_resize()->set_width(64);
  static auto* const ulids = new UlidSource();
  return *job::MakeJob(request, now, *ulids);
}

class ServerMetricsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store::SqliteOptions options;
    options.path = ::testing::TempDir() + "/" + ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".db";
    options.clock = &clock_;
    auto store = store::SqliteJobStore::Open(options);
    ASSERT_OK(store);
    store_ = *std::move(store);
    feed_ = std::make_unique<feed::EventFeed>(store_.get(), feed::FeedOptions());
    store_->AddListener(&metrics_);
  }
  void TearDown() override {
    feed_->Stop();
    store_.reset();
  }
  std::string Text() { return metrics_.Text({store_.get(), feed_.get(), 3, 7}, clock_.Now()); }
  void Enqueue(const std::string& id, int priority = 0) {
    ASSERT_OK(store::Await<std::vector<absl::StatusOr<store::EnqueuedJob>>>(
        [&](auto done) { store_->Enqueue({NewResize(id, priority, clock_.Now())}, std::move(done)); }));
  }

  FakeClock clock_;
  ServerMetrics metrics_;
  std::unique_ptr<store::SqliteJobStore> store_;
  std::unique_ptr<feed::EventFeed> feed_;
};

TEST_F(ServerMetricsTest, EverythingIsThereBeforeAnythingHappens) {
  const std::string text = Text();
  for (const char* line :
       {"spool_jobs_enqueued_total{type=\"resize\"} 0\n",
        "spool_jobs_finished_total{outcome=\"failed\",type=\"convert\"} 0\n",
        "spool_attempt_failures_total{reason=\"WORKER_CRASHED\"} 0\n",
        "spool_jobs{state=\"queued\",type=\"resize\"} 0\n", "spool_jobs{state=\"failed\",type=\"sprite_sheet\"} 0\n",
        "spool_queue_oldest_age_seconds 0\n", "spool_slots 3\n", "spool_http_connections 7\n",
        "spool_watch_lag_events_count 0\n", "process_resident_memory_bytes "}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(ServerMetricsTest, AJobsLifeIsCounted) {
  Enqueue("first", 5);
  clock_.Advance(absl::Seconds(10));
  Enqueue("second", -5);
  EXPECT_THAT(Text(), HasSubstr("spool_jobs_enqueued_total{type=\"resize\"} 2\n"));
  EXPECT_THAT(Text(), HasSubstr("spool_jobs{state=\"queued\",type=\"resize\"} 2\n"));
  clock_.Advance(absl::Seconds(20));
  EXPECT_THAT(Text(), HasSubstr("spool_queue_oldest_age_seconds 30\n"));

  auto taken = store::Await<std::optional<store::TakenJob>>(
      [&](auto done) { store_->Take(store::JobStore::Lanes::kAny, std::move(done)); });
  ASSERT_OK(taken);
  ASSERT_EQ((*taken)->job.id(), "first");
  EXPECT_THAT(Text(), HasSubstr("spool_queue_oldest_age_seconds 20\n"));
  EXPECT_THAT(Text(), HasSubstr("spool_job_wait_seconds_sum{type=\"resize\"} 30\n"));
  v1::JobError error;
  error.set_reason("INVALID_MEDIA");
  ASSERT_OK(store::Await<v1::Job>([&](auto done) { store_->Fail((*taken)->lease, error, std::move(done)); }));
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("spool_jobs_finished_total{outcome=\"failed\",type=\"resize\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("spool_jobs{state=\"queued\",type=\"resize\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("spool_jobs{state=\"failed\",type=\"resize\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("spool_attempt_failures_total{reason=\"INVALID_MEDIA\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("spool_events_published_total 4\n"));
  EXPECT_THAT(text, HasSubstr("spool_commit_writes_count 4\n"));
  EXPECT_THAT(text, HasSubstr("spool_log_head_sequence 4\n"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace spool::metrics

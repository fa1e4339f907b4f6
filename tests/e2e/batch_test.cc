// Ten thousand jobs: enqueued at once, cancelled, listed, counted, run.

#include <set>
#include <thread>

#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

constexpr int kJobs = 10000;
constexpr int kCancelled = 100;
// The rest is cancelled, not run: what is tested here is the queue.
constexpr int kRun = 20;
constexpr int kThreads = 16;

class BatchTest : public SpooldTest {
 protected:
  std::vector<std::string> ListIds(const v1::JobFilter& filter) {
    std::vector<std::string> ids;
    v1::ListJobsRequest request;
    *request.mutable_filter() = filter;
    request.set_page_size(700);
    do {
      const auto page = client().ListJobs(request);
      EXPECT_OK(page);
      if (!page.ok()) return ids;
      for (const v1::Job& job : page->jobs()) ids.push_back(job.id());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return ids;
  }
};

TEST_F(BatchTest, TenThousandJobsAddUp) {
  AddStill("a.png");
  StartServer();
  ASSERT_OK(client().PauseQueue());
  v1::EnqueueBatchRequest batch;
  for (int i = 0; i < kJobs; ++i) {
    v1::EnqueueRequest& request = *batch.add_requests();
    request = Resize("a.png", 2, 2);
    request.set_job_id("job-" + std::to_string(i));
    request.set_video_id("video-" + std::to_string(i % 100));
    (*request.mutable_labels())["thousand"] = std::to_string(i / 1000);
    // Those that are to run come first.
    if (i >= kJobs - kRun) request.set_priority(1);
  }
  const auto enqueued = client().EnqueueBatch(batch);
  ASSERT_OK(enqueued);
  ASSERT_EQ(enqueued->results_size(), kJobs);
  for (int i = 0; i < kJobs; ++i) {
    const v1::EnqueueBatchResult& result = enqueued->results(i);
    ASSERT_TRUE(result.has_response()) << result.failure().message();
    EXPECT_EQ(result.response().job().id(), "job-" + std::to_string(i));
    EXPECT_EQ(result.response().outcome(), v1::ENQUEUE_OUTCOME_CREATED);
    EXPECT_EQ(result.response().sequence(), i + 1);
  }
  EXPECT_EQ(GetJob("job-0").queue_position(), kRun + 1);
  EXPECT_EQ(GetJob("job-9999").queue_position(), kRun);

  for (int i = 0; i < kCancelled; ++i) ASSERT_OK(client().CancelJob("job-" + std::to_string(i * 7)));

  v1::JobFilter filter;
  EXPECT_EQ(ListIds(filter).size(), kJobs);
  filter.add_states(v1::JOB_STATE_CANCELLED);
  const std::vector<std::string> cancelled = ListIds(filter);
  EXPECT_EQ(cancelled.size(), kCancelled);
  EXPECT_EQ(cancelled.front(), "job-693") << "newest first";
  filter.Clear();
  filter.add_video_ids("video-42");
  (*filter.mutable_labels())["thousand"] = "3";
  EXPECT_EQ(ListIds(filter).size(), 10);

  auto stats = client().GetQueueStats();
  ASSERT_OK(stats);
  EXPECT_EQ(stats->jobs().queued(), kJobs - kCancelled);
  EXPECT_EQ(stats->jobs().cancelled(), kCancelled);
  EXPECT_EQ(stats->totals().enqueued(), kJobs);
  EXPECT_EQ(stats->head_sequence(), kJobs + kCancelled);
  EXPECT_TRUE(stats->paused());

  // All of it, told to one subscriber, in order and whole.
  auto watch = OpenWatch(FromEarliest());
  ASSERT_OK(watch->UntilCovered(stats->head_sequence()));
  EXPECT_EQ(watch->feed().fold().jobs().size(), kJobs);

  // Most go before the queue is let loose.
  filter.Clear();
  filter.add_states(v1::JOB_STATE_QUEUED);
  std::vector<std::string> going = ListIds(filter);
  going.erase(going.begin(), going.begin() + kRun);
  // From several threads, so that the store commits many at once.
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (size_t i = thread; i < going.size(); i += kThreads) EXPECT_OK(client().CancelJob(going[i]));
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_OK(client().ResumeQueue());
  for (int left = kRun; left > 0; --left) {
    const auto ended = watch->Until([](const v1::Event& event) { return event.has_completed() || event.has_failed(); });
    ASSERT_OK(ended);
    ASSERT_TRUE(ended->has_completed()) << ended->ShortDebugString();
  }
  stats = client().GetQueueStats();
  ASSERT_OK(stats);
  EXPECT_EQ(stats->jobs().queued() + stats->jobs().running(), 0);
  EXPECT_EQ(stats->jobs().completed(), kRun);
  EXPECT_EQ(stats->jobs().cancelled(), kJobs - kRun);
  EXPECT_EQ(stats->totals().started(), kRun);
  EXPECT_EQ(stats->totals().completed(), kRun);
  EXPECT_EQ(stats->success_rate(), 1);
  ASSERT_OK(watch->UntilCovered(stats->head_sequence()));
  EXPECT_EQ(watch->feed().events().size(), stats->head_sequence());
}

TEST_F(BatchTest, EachOfABatchHasItsOwnOutcome) {
  AddStill("a.png");
  StartServer();
  ASSERT_OK(client().PauseQueue());
  v1::EnqueueBatchRequest batch;
  *batch.add_requests() = Resize("a.png", 2, 2);
  *batch.add_requests() = Resize("../a.png", 2, 2);
  *batch.add_requests() = Resize("a.png", 0, 0);
  batch.mutable_requests(0)->set_request_id("r1");
  *batch.add_requests() = batch.requests(0);
  const auto results = client().EnqueueBatch(batch);
  ASSERT_OK(results);
  EXPECT_EQ(results->results(0).response().outcome(), v1::ENQUEUE_OUTCOME_CREATED);
  EXPECT_EQ(results->results(1).failure().code(), static_cast<int>(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(results->results(1).failure().field(), "input");
  EXPECT_EQ(results->results(2).failure().field(), "resize.width");
  EXPECT_EQ(results->results(3).response().outcome(), v1::ENQUEUE_OUTCOME_EXISTING);
  EXPECT_THAT(client().EnqueueBatch({}), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace spool::testing

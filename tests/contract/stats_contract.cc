// The figures: as of one commit, and the sum of what happened.

#include <array>
#include <map>
#include <random>
#include <string>

#include "server/base/proto_time.h"
#include "server/job/failure.h"
#include "tests/contract/job_store_contract.h"

namespace spool::contract {
namespace {

using CountsByType = std::map<int, std::array<int64_t, v1::JobState_ARRAYSIZE>>;

CountsByType CountsOf(const std::vector<v1::Job>& jobs) {
  CountsByType counts;
  for (const v1::Job& job : jobs) ++counts[job.type()][job.state()];
  return counts;
}

// Without the types of which there are no jobs, which a store may leave out.
CountsByType CountsOf(const store::StoreFigures& figures) {
  CountsByType by_type;
  for (const auto& [type, jobs] : figures.jobs_by_type) {
    const std::array<int64_t, v1::JobState_ARRAYSIZE> counts = {
        0, jobs.scheduled(), jobs.queued(), jobs.running(), jobs.completed(), jobs.failed(), jobs.cancelled()};
    if (counts != std::array<int64_t, v1::JobState_ARRAYSIZE>{}) by_type[type] = counts;
  }
  return by_type;
}

TEST_P(JobStoreContract, StatsOfAnEmptyStore) {
  const auto stats = store().Stats();
  ASSERT_OK(stats);
  EXPECT_EQ(stats->head_sequence(), 0);
  EXPECT_EQ(stats->earliest_sequence(), 1);
  EXPECT_FALSE(stats->has_mean_duration());
  EXPECT_FALSE(stats->has_mean_wait());
  EXPECT_EQ(stats->success_rate(), 0);
  EXPECT_FALSE(stats->paused());
}

TEST_P(JobStoreContract, MeansAreOfCompletedJobs) {
  for (int i = 1; i <= 2; ++i) {
    const std::string id = "j" + std::to_string(i);
    Add(id);
    clock_.Advance(absl::Seconds(i));
    const store::Lease lease = TakeLease(id);
    clock_.Advance(absl::Seconds(10 * i));
    ASSERT_OK(Complete(lease));
  }
  Add("bad");
  const store::Lease bad = TakeLease("bad");
  clock_.Advance(absl::Hours(1));
  ASSERT_OK(Fail(bad, job::kInvalidMedia));
  const auto stats = store().Stats();
  ASSERT_OK(stats);
  EXPECT_EQ(FromProto(stats->mean_duration()), absl::Seconds(15));
  EXPECT_EQ(FromProto(stats->mean_wait()), absl::Milliseconds(1500));
  EXPECT_DOUBLE_EQ(stats->success_rate(), 2.0 / 3);
}

TEST_P(JobStoreContract, StatsAddUpAfterARandomWalk) {
  std::mt19937 random(20260101);
  const auto one_in = [&](int n) { return random() % n == 0; };
  std::vector<store::Lease> running;
  int made = 0;
  for (int step = 0; step < 600; ++step) {
    const std::string some = "j" + std::to_string(made == 0 ? 0 : random() % made);
    switch (random() % 9) {
      case 0:
      case 1: {
        v1::EnqueueRequest request = Request("j" + std::to_string(made++));
        request.set_priority(static_cast<int>(random() % 3));
        if (one_in(3)) request.mutable_convert()->set_container(v1::CONTAINER_MKV);
        if (one_in(4)) *request.mutable_run_at() = ToProto(clock_.Now() + absl::Seconds(random() % 100));
        if (one_in(4)) *request.mutable_limits()->mutable_max_queue_time() = ToProto(absl::Seconds(20));
        Add(request);
        break;
      }
      case 2:
      case 3:
        if (const auto taken = Take(); taken.has_value()) running.push_back(taken->lease);
        break;
      case 4:
        clock_.Advance(absl::Seconds(1));
        Advance();
        break;
      case 5:
        Cancel(some).IgnoreError();
        break;
      case 6:
        (one_in(3) ? Delete(some) : Retry(some)).IgnoreError();
        break;
      default:
        if (running.empty()) break;
        std::swap(running[random() % running.size()], running.back());
        switch (random() % 5) {
          case 0:
            ASSERT_OK(Fail(running.back(), job::kInvalidMedia));
            break;
          case 1:
            ASSERT_OK(Fail(running.back(), job::kWorkerCrashed));
            break;
          case 2:
            ASSERT_OK(HandBack(running.back()));
            break;
          default:
            ASSERT_OK(Complete(running.back()));
        }
        running.pop_back();
    }
  }
  CountsByType by_type = CountsOf(Jobs());
  ASSERT_THAT(by_type, ::testing::SizeIs(2)) << "jobs of one type prove little";
  EXPECT_EQ(CountsOf(*store().Figures()), by_type);
  Reopen();
  EXPECT_EQ(CountsOf(*store().Figures()), CountsOf(Jobs()));

  std::array<int64_t, v1::JobState_ARRAYSIZE> jobs = {};
  for (const v1::Job& job : Jobs()) ++jobs[job.state()];
  const auto stats = store().Stats();
  ASSERT_OK(stats);
  EXPECT_EQ(stats->jobs().scheduled(), jobs[v1::JOB_STATE_SCHEDULED]);
  EXPECT_EQ(stats->jobs().queued(), jobs[v1::JOB_STATE_QUEUED]);
  EXPECT_EQ(stats->jobs().running(), 0);
  EXPECT_EQ(stats->jobs().completed(), jobs[v1::JOB_STATE_COMPLETED]);
  EXPECT_EQ(stats->jobs().failed(), jobs[v1::JOB_STATE_FAILED]);
  EXPECT_EQ(stats->jobs().cancelled(), jobs[v1::JOB_STATE_CANCELLED]);

  std::array<int64_t, v1::EventType_ARRAYSIZE> events = {};
  absl::Duration duration, wait;
  for (const v1::Event& event : Events()) {
    ++events[event.type()];
    if (!event.has_completed()) continue;
    duration += FromProto(event.completed().duration());
    wait += FromProto(event.completed().started_at()) - FromProto(event.completed().queued_at());
  }
  EXPECT_EQ(stats->totals().enqueued(), made);
  EXPECT_EQ(stats->totals().started(), events[v1::EVENT_TYPE_STARTED]);
  EXPECT_EQ(stats->totals().completed(), events[v1::EVENT_TYPE_COMPLETED]);
  EXPECT_EQ(stats->totals().failed(), events[v1::EVENT_TYPE_FAILED]);
  EXPECT_EQ(stats->totals().cancelled(), events[v1::EVENT_TYPE_CANCELLED]);
  EXPECT_EQ(stats->totals().retried(), events[v1::EVENT_TYPE_RETRYING]);
  ASSERT_GT(stats->totals().completed(), 0) << "the walk went nowhere";
  const absl::Duration microsecond = absl::Microseconds(1);
  EXPECT_LE(absl::AbsDuration(FromProto(stats->mean_duration()) - duration / stats->totals().completed()), microsecond);
  EXPECT_LE(absl::AbsDuration(FromProto(stats->mean_wait()) - wait / stats->totals().completed()), microsecond);

  // What retention removes is counted off. It says so in no event, so the log's beginning goes too: without it the
  // suite's check at the end does not look.
  store::Retention retention;
  retention.max_finished_jobs = 10;
  retention.max_events = 1;
  EXPECT_GT(Compact(retention).jobs, 0);
  EXPECT_EQ(CountsOf(*store().Figures()), CountsOf(Jobs()));
}

}  // namespace
}  // namespace spool::contract

// What is particular to the SQLite store; what every store must do is in tests/contract/.

#include "server/store/sqlite/sqlite_job_store.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/fake_clock.h"
#include "server/base/status_matchers.h"
#include "server/store/await.h"
#include "server/store/sqlite/plain_job.h"

namespace spool::store {
namespace {

class SqliteJobStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteJobStore> Open() {
    auto store = SqliteJobStore::Open({.path = path_, .clock = &clock_});
    EXPECT_OK(store);
    return store.ok() ? *std::move(store) : nullptr;
  }
  static void Add(JobStore& store, const std::string& id) {
    auto results = Await<std::vector<absl::StatusOr<EnqueuedJob>>>([&](auto done) {
      std::vector<job::NewJob> jobs;
      jobs.push_back(PlainJob(id));
      store.Enqueue(std::move(jobs), std::move(done));
    });
    ASSERT_OK(results);
    ASSERT_OK((*results)[0]);
  }
  static std::optional<TakenJob> Take(JobStore& store) {
    auto taken = Await<std::optional<TakenJob>>([&](auto done) { store.Take(JobStore::Lanes::kAny, std::move(done)); });
    EXPECT_OK(taken);
    return taken.ok() ? *taken : std::nullopt;
  }

  FakeClock clock_;
  std::string path_ =
      std::string(::testing::TempDir()) + "/" + ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".db";
};

TEST_F(SqliteJobStoreTest, ReopenedStoreHasEverythingAndHandsBackWhatRan) {
  uint64_t log_id;
  {
    auto store = Open();
    log_id = store->Range().log_id;
    Add(*store, "a");
    Add(*store, "b");
    ASSERT_EQ(Take(*store)->job.id(), "a");
  }
  auto store = Open();
  EXPECT_EQ(store->Range().log_id, log_id);
  EXPECT_EQ(store->Range().head, 4);
  const auto a = store->GetJob("a");
  ASSERT_OK(a);
  EXPECT_EQ(a->job.state(), v1::JOB_STATE_QUEUED);
  EXPECT_EQ(a->job.attempt(), 0);
  EXPECT_EQ(a->job.interruptions(), 1);
  EXPECT_EQ(a->job.queue_position(), 1);
  EXPECT_EQ(store->GetJob("b")->job.queue_position(), 2);
  EXPECT_EQ(Take(*store)->job.id(), "a");
}

// Takes back the script that made the stock.
constexpr char kStockAsItWas[] =
    "DROP TABLE stock; ALTER TABLE ledger ADD COLUMN scheduled INTEGER NOT NULL DEFAULT 0;"
    " ALTER TABLE ledger ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;"
    " ALTER TABLE ledger ADD COLUMN running INTEGER NOT NULL DEFAULT 0;"
    " ALTER TABLE ledger ADD COLUMN completed INTEGER NOT NULL DEFAULT 0;"
    " ALTER TABLE ledger ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;"
    " ALTER TABLE ledger ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0;";

TEST_F(SqliteJobStoreTest, TheStockOfAnOlderStoreIsCountedOnce) {
  {
    auto store = Open();
    Add(*store, "failed");
    v1::JobError error;
    error.set_reason("INVALID_MEDIA");
    const auto taken = Take(*store);
    ASSERT_OK(Await<v1::Job>([&](auto done) { store->Fail(taken->lease, error, std::move(done)); }));
    Add(*store, "running");
    Take(*store);
    Add(*store, "waiting");
  }
  ASSERT_EQ(system(("sqlite3 '" + path_ + "' \"" + kStockAsItWas + " PRAGMA user_version = 2\"").c_str()), 0);
  auto store = Open();  // also hands back what ran
  const auto figures = store->Figures();
  ASSERT_OK(figures);
  ASSERT_EQ(figures->jobs_by_type.count(v1::JOB_TYPE_RESIZE), 1);
  for (const v1::StateCounts& jobs : {figures->jobs_by_type.at(v1::JOB_TYPE_RESIZE), figures->stats.jobs()}) {
    EXPECT_EQ(jobs.failed(), 1);
    EXPECT_EQ(jobs.queued(), 2);
    EXPECT_EQ(jobs.running(), 0);
  }
}

// The index by video is laid out in stretches of 8192 jobs; pages must go over their borders, and a store of the first
// schema must list the same.
TEST_F(SqliteJobStoreTest, JobsOfAVideoAreListedAcrossStretches) {
  constexpr int kJobs = 20000;
  v1::JobFilter filter;
  filter.add_video_ids("v7");
  filter.add_video_ids("v1999");
  std::vector<std::string> expected;
  for (int i = kJobs - 1; i >= 0; --i) {
    if (i % 2000 == 7 || i % 2000 == 1999) expected.push_back(absl::StrCat("job-", i));
  }
  const auto list_all = [&](SqliteJobStore& store) {
    std::vector<std::string> listed;
    for (int64_t before = 0;;) {
      const auto page = store.ListJobs(filter, 3, before);
      EXPECT_OK(page);
      if (!page.ok()) return listed;
      for (const v1::Job& job : page->jobs) listed.push_back(job.id());
      if (page->next == 0) return listed;
      before = page->next;
    }
  };
  {
    auto store = Open();
    ASSERT_TRUE(list_all(*store).empty());
    for (int begin = 0; begin < kJobs; begin += 5000) {
      std::vector<job::NewJob> jobs;
      for (int i = begin; i < begin + 5000; ++i) {
        jobs.push_back(PlainJob(absl::StrCat("job-", i)));
        jobs.back().job.set_video_id(absl::StrCat("v", i % 2000));
      }
      ASSERT_OK(Await<std::vector<absl::StatusOr<EnqueuedJob>>>(
          [&](auto done) { store->Enqueue(std::move(jobs), std::move(done)); }));
    }
    EXPECT_EQ(list_all(*store), expected);
  }
  ASSERT_EQ(
      system(("sqlite3 '" + path_ +
              "' \"DROP INDEX jobs_by_video; CREATE INDEX jobs_by_video ON jobs (video_id) WHERE video_id <> '';" +
              kStockAsItWas + " PRAGMA user_version = 1\"")
                 .c_str()),
      0);
  EXPECT_EQ(list_all(*Open()), expected);
}

// P16.
TEST_F(SqliteJobStoreTest, AMissingEventIsDataLossAndNeverSkipped) {
  {
    auto store = Open();
    for (int i = 0; i < 5; ++i) Add(*store, std::to_string(i));
  }
  ASSERT_EQ(system(("sqlite3 '" + path_ + "' 'DELETE FROM events WHERE seq = 3'").c_str()), 0);
  auto store = Open();
  ASSERT_OK(store->ReadEvents(0, 2, 1 << 20));
  EXPECT_THAT(store->ReadEvents(0, 10, 1 << 20), StatusIs(absl::StatusCode::kDataLoss, "event 3"));
}

TEST_F(SqliteJobStoreTest, ATruncatedLogIsRefusedAtStart) {
  {
    auto store = Open();
    Add(*store, "a");
    Add(*store, "b");
  }
  ASSERT_EQ(system(("sqlite3 '" + path_ + "' 'DELETE FROM events WHERE seq = 2'").c_str()), 0);
  EXPECT_THAT(SqliteJobStore::Open({.path = path_, .clock = &clock_}), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(SqliteJobStoreTest, ADamagedRecordFailsItsWriteAndNotTheNext) {
  auto store = Open();
  Add(*store, "a");
  Add(*store, "b");
  ASSERT_EQ(system(("sqlite3 '" + path_ + "' \"UPDATE jobs SET record = x'ffff' WHERE id = 'a'\"").c_str()), 0);
  EXPECT_THAT(Await<v1::Job>([&](auto done) { store->Cancel("a", std::move(done)); }),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(store->GetJob("a"), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_OK(Await<v1::Job>([&](auto done) { store->Cancel("b", std::move(done)); }));
  EXPECT_EQ(store->Range().head, 3);
}

TEST_F(SqliteJobStoreTest, PositionsCrossBlocksAndLanes) {
  auto store = Open();
  std::vector<job::NewJob> jobs;
  for (int i = 0; i < 3000; ++i) {
    jobs.push_back(PlainJob("j" + std::to_string(i)));
    jobs.back().job.set_input(i % 2 == 0 ? "a.mp4" : "a.png");
    jobs.back().job.set_priority(i < 100 ? 5 : 0);
  }
  ASSERT_OK(Await<std::vector<absl::StatusOr<EnqueuedJob>>>(
      [&](auto done) { store->Enqueue(std::move(jobs), std::move(done)); }));
  for (const int i : {0, 99, 100, 1023, 1024, 1025, 2500, 2999}) {
    EXPECT_EQ(store->GetJob("j" + std::to_string(i))->job.queue_position(), i + 1);
  }
  ASSERT_OK(Await<v1::Job>([&](auto done) { store->Cancel("j1500", std::move(done)); }));
  EXPECT_EQ(store->GetJob("j1501")->job.queue_position(), 1501);
  auto reopened_figures = store->Stats();
  store.reset();
  store = Open();
  EXPECT_EQ(store->GetJob("j2999")->job.queue_position(), 2999);
  EXPECT_EQ(store->Stats()->jobs().queued(), reopened_figures->jobs().queued());
}

TEST_F(SqliteJobStoreTest, AFullQueueRefusesNewJobsAndKnowsTheOldOnes) {
  auto store = *SqliteJobStore::Open({.path = path_, .clock = &clock_, .max_waiting_jobs = 2});
  const auto enqueue = [&](job::NewJob job) {
    std::vector<job::NewJob> jobs;
    jobs.push_back(std::move(job));
    return Await<std::vector<absl::StatusOr<EnqueuedJob>>>(
               [&](auto done) { store->Enqueue(std::move(jobs), std::move(done)); })
        ->front();
  };
  job::NewJob with_request_id = PlainJob("a");
  with_request_id.request_id = "r";
  ASSERT_OK(enqueue(with_request_id));
  ASSERT_OK(enqueue(PlainJob("b")));
  EXPECT_THAT(enqueue(PlainJob("c")), StatusIs(absl::StatusCode::kResourceExhausted, "2 jobs"));
  // Whoever repeats a request because its answer was lost gets that answer.
  EXPECT_EQ(enqueue(with_request_id)->outcome, v1::ENQUEUE_OUTCOME_EXISTING);
  EXPECT_EQ(enqueue(PlainJob("b"))->outcome, v1::ENQUEUE_OUTCOME_EXISTING);
  ASSERT_OK(Await<v1::Job>([&](auto done) { store->Cancel("b", std::move(done)); }));
  EXPECT_OK(enqueue(PlainJob("c")));
}

}  // namespace
}  // namespace spool::store

// What the store does when its disk fails, is full, read-only or damaged, and when the clock jumps.

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/fake_clock.h"
#include "server/base/proto_time.h"
#include "server/base/status_matchers.h"
#include "server/sqlite/failing_vfs.h"
#include "server/store/await.h"
#include "server/store/sqlite/plain_job.h"
#include "server/store/sqlite/sqlite_job_store.h"

namespace spool::store {
namespace {

using sqlite::FailingVfs;

class DiskTest : public ::testing::Test {
 protected:
  DiskTest() { std::filesystem::create_directories(folder_); }
  ~DiskTest() override { std::filesystem::remove_all(folder_); }
  absl::StatusOr<std::unique_ptr<SqliteJobStore>> Open() {
    return SqliteJobStore::Open({.path = path_, .clock = &clock_});
  }
  static absl::Status Add(JobStore& store, const std::string& id) {
    auto results = Await<std::vector<absl::StatusOr<EnqueuedJob>>>([&](auto done) {
      std::vector<job::NewJob> jobs = {PlainJob(id)};
      jobs[0].job.set_video_id("a video whose name takes some room in the record");
      store.Enqueue(std::move(jobs), std::move(done));
    });
    return results.ok() ? (*results)[0].status() : results.status();
  }
  static absl::StatusOr<std::optional<TakenJob>> Take(JobStore& store) {
    return Await<std::optional<TakenJob>>([&](auto done) { store.Take(JobStore::Lanes::kAny, std::move(done)); });
  }
  // All events, one page after the other.
  static absl::StatusOr<std::vector<StoredEvent>> AllEvents(JobStore& store) {
    std::vector<StoredEvent> all;
    const int64_t head = store.Range().head;
    while (static_cast<int64_t>(all.size()) < head) {
      auto page = store.ReadEvents(all.empty() ? 0 : all.back().sequence, 1000, 1 << 20);
      if (!page.ok()) return page.status();
      all.insert(all.end(), page->begin(), page->end());
    }
    return all;
  }

  FakeClock clock_;
  const std::string folder_ =
      std::string(::testing::TempDir()) + "/" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string path_ = folder_ + "/spool.db";
};

// P1: Fails the n-th write, or sync, for every n until one has no effect: a job that was acknowledged is there, one
// that was refused is not, and the store goes on when the disk does.
TEST_F(DiskTest, AnyFailingWriteOrSyncLosesNothingThatWasAcknowledged) {
  for (const auto failure : {FailingVfs::Failure::kFull, FailingVfs::Failure::kIo, FailingVfs::Failure::kSync}) {
    int n = 1, failed_runs = 0;
    for (;; ++n) {
      ASSERT_LT(n, 200) << "failures do not come to an end";
      std::filesystem::remove_all(folder_);
      std::filesystem::create_directories(folder_);
      FailingVfs disk;
      std::vector<std::string> acknowledged, refused;
      {
        auto store = Open();
        ASSERT_OK(store);
        disk.FailAt(failure, n);
        for (int i = 0; i < 5; ++i) {
          const std::string id = "j" + std::to_string(i);
          const absl::Status added = Add(**store, id);
          (added.ok() ? acknowledged : refused).push_back(id);
          if (added.ok()) continue;
          const bool full = failure == FailingVfs::Failure::kFull;
          EXPECT_THAT(added, StatusIs(full ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kUnavailable));
          EXPECT_EQ(ErrorInfoOf(added).reason(), full ? "OUT_OF_SPACE" : "STORE_UNAVAILABLE");
        }
        EXPECT_LE(refused.size(), 1) << "the disk has healed, the store has not";
        EXPECT_EQ((*store)->Range().head, static_cast<int64_t>(acknowledged.size()));
      }
      const bool hit = disk.failures() > 0;
      disk.Heal();
      auto again = Open();
      ASSERT_OK(again) << "after failing " << n;
      for (const std::string& id : acknowledged) EXPECT_OK((*again)->GetJob(id)) << "after failing " << n;
      for (const std::string& id : refused) {
        EXPECT_THAT((*again)->GetJob(id), StatusIs(absl::StatusCode::kNotFound)) << "after failing " << n;
      }
      const auto events = AllEvents(**again);
      ASSERT_OK(events);
      EXPECT_EQ(events->size(), acknowledged.size());
      if (::testing::Test::HasFailure() || !hit) break;
      failed_runs += refused.empty() ? 0 : 1;
    }
    EXPECT_GE(failed_runs, 5) << "nothing was tested";
  }
}

TEST_F(DiskTest, AFullDiskRefusesWritesAndStillServesReads) {
  FailingVfs disk;
  auto store = Open();
  ASSERT_OK(store);
  ASSERT_OK(Add(**store, "before"));
  disk.FailAt(FailingVfs::Failure::kFull, 1, 1000000);
  EXPECT_THAT(Add(**store, "during"), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(Take(**store), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_OK((*store)->GetJob("before"));
  EXPECT_EQ(AllEvents(**store)->size(), 1);
  disk.Heal();
  EXPECT_OK(Add(**store, "after"));
  EXPECT_EQ((*Take(**store))->job.id(), "before");
  EXPECT_THAT((*store)->GetJob("during"), StatusIs(absl::StatusCode::kNotFound));
  store->reset();
}

TEST_F(DiskTest, AFailingDiskAtTheStartIsAnErrorAndNotAnEmptyStore) {
  { ASSERT_OK(Add(**Open(), "a")); }
  for (int n = 1; n < 40; ++n) {
    FailingVfs disk;
    disk.FailAt(FailingVfs::Failure::kFull, n, 1000000);
    auto store = Open();
    if (!store.ok()) continue;
    EXPECT_OK((*store)->GetJob("a"));
  }
  auto store = Open();
  ASSERT_OK(store);
  EXPECT_OK((*store)->GetJob("a"));
}

TEST_F(DiskTest, AReadOnlyFolderIsRefusedAtStartAndLosesNothing) {
  FailingVfs disk;
  disk.SetReadOnly(true);
  EXPECT_THAT(Open().status(), StatusIs(absl::StatusCode::kFailedPrecondition)) << "without a database";
  disk.SetReadOnly(false);
  { ASSERT_OK(Add(**Open(), "a")); }
  disk.SetReadOnly(true);
  EXPECT_THAT(Open().status(), StatusIs(absl::StatusCode::kFailedPrecondition)) << "with one";
  disk.SetReadOnly(false);
  auto store = Open();
  ASSERT_OK(store);
  EXPECT_OK((*store)->GetJob("a"));
  store->reset();
}

// P16: flips bytes all over the file. Each time the store is refused, or a read is refused, with DATA_LOSS; or
// everything that is answered is right. Nothing is ever missing without a word.
TEST_F(DiskTest, ADamagedFileIsRefusedOrServedRightAndNeverSilentlyEmptied) {
  constexpr int kJobs = 150;
  std::vector<StoredEvent> truth;
  {
    auto store = Open();
    ASSERT_OK(store);
    for (int i = 0; i < kJobs; ++i) ASSERT_OK(Add(**store, "job-" + std::to_string(i)));
    truth = *AllEvents(**store);
  }
  ASSERT_FALSE(std::filesystem::exists(path_ + "-wal")) << "the log was not folded into the file";
  std::string whole;
  {
    std::ifstream file(path_, std::ios::binary);
    whole.assign(std::istreambuf_iterator<char>(file), {});
  }
  int refused = 0, served = 0;
  // A step without a factor in common with the page size comes by every place of a page.
  for (size_t at = 0; at < whole.size(); at += 509) {
    std::string damaged = whole;
    for (size_t i = at; i < std::min(at + 16, whole.size()); ++i) damaged[i] = static_cast<char>(~damaged[i]);
    std::filesystem::remove(path_ + "-wal");
    std::filesystem::remove(path_ + "-shm");
    std::ofstream(path_, std::ios::binary).write(damaged.data(), static_cast<std::streamsize>(damaged.size()));
    auto store = Open();
    if (!store.ok()) {
      EXPECT_THAT(store.status(), StatusIs(absl::StatusCode::kDataLoss)) << "at byte " << at;
      ++refused;
      continue;
    }
    bool loud = false;
    const auto events = AllEvents(**store);
    if (!events.ok()) {
      EXPECT_THAT(events.status(), StatusIs(absl::StatusCode::kDataLoss)) << "at byte " << at;
      loud = true;
    } else {
      ASSERT_EQ(events->size(), truth.size()) << "at byte " << at;
      for (size_t i = 0; i < truth.size() && !loud; ++i) {
        // The bytes themselves have no checksum; what cannot be parsed is found by who parses it.
        v1::Event event;
        const bool readable = event.ParseFromString((*events)[i].bytes) && event.sequence() == truth[i].sequence;
        loud = !readable;
      }
    }
    for (int i = 0; i < kJobs; ++i) {
      const auto job = (*store)->GetJob("job-" + std::to_string(i));
      if (job.ok()) {
        EXPECT_EQ(job->job.id(), "job-" + std::to_string(i)) << "at byte " << at;
        continue;
      }
      loud = true;
      EXPECT_THAT(job.status(), StatusIs(absl::StatusCode::kDataLoss)) << "job " << i << ", at byte " << at;
    }
    ++(loud ? refused : served);
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(refused, 20);
  EXPECT_GT(served, 0);
}

TEST_F(DiskTest, AClockThatJumpsMovesNoSequenceAndLosesNoJob) {
  auto store = Open();
  ASSERT_OK(store);
  const auto advance = [&] { return Await<absl::Time>([&](auto done) { (*store)->Advance(std::move(done)); }); };
  ASSERT_OK(Add(**store, "a"));
  clock_.Advance(-absl::Hours(24 * 365));
  ASSERT_OK(Add(**store, "b"));
  ASSERT_OK(advance());
  // Order is that of the commits, whatever the clock says.
  auto a = Take(**store);
  ASSERT_OK(a);
  ASSERT_EQ((*a)->job.id(), "a");
  clock_.Advance(-absl::Hours(1));
  const auto completed =
      Await<v1::Job>([&](auto done) { (*store)->Complete((*a)->lease, v1::JobResult(), std::move(done)); });
  ASSERT_OK(completed);
  clock_.Advance(absl::Hours(24 * 800));
  ASSERT_OK(advance());
  auto b = Take(**store);
  ASSERT_OK(b);
  ASSERT_EQ((*b)->job.id(), "b");
  ASSERT_OK(Await<v1::Job>([&](auto done) { (*store)->HandBack((*b)->lease, std::move(done)); }));
  // A clock that goes back by years keeps what retention by age would remove; it never removes what is unfinished.
  clock_.Advance(-absl::Hours(24 * 700));
  ASSERT_OK(Await<Compacted>([&](auto done) { (*store)->Compact(Retention(), std::move(done)); }));
  EXPECT_OK((*store)->GetJob("b"));
  const auto events = AllEvents(**store);
  ASSERT_OK(events);
  for (size_t i = 0; i < events->size(); ++i) EXPECT_EQ((*events)[i].sequence, static_cast<int64_t>(i) + 1);
  // One that goes far ahead removes what is finished and old, and says so.
  clock_.Advance(absl::Hours(24 * 10000));
  ASSERT_OK(Await<Compacted>([&](auto done) { (*store)->Compact(Retention(), std::move(done)); }));
  EXPECT_THAT((*store)->GetJob("a"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_OK((*store)->GetJob("b"));
  EXPECT_THAT((*store)->ReadEvents(0, 10, 1 << 20), StatusIs(absl::StatusCode::kOutOfRange));
}

}  // namespace
}  // namespace spool::store

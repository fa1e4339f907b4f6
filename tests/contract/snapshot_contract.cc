// Snapshots: all jobs as of one commit, whatever is written meanwhile.

#include <atomic>
#include <thread>

#include "tests/contract/job_store_contract.h"

namespace spool::contract {
namespace {

TEST_P(JobStoreContract, ASnapshotShowsOneCommitOldestFirst) {
  for (const char* id : {"b", "a", "c"}) Add(id);
  const auto snapshot = store().OpenSnapshot();
  ASSERT_OK(snapshot);
  EXPECT_EQ((*snapshot)->through(), 3);
  Add("d");
  ASSERT_OK(Cancel("a"));
  ASSERT_OK(Delete("a"));
  const auto first = (*snapshot)->Next(2);
  ASSERT_OK(first);
  EXPECT_THAT(*first, ::testing::ElementsAre(HasId("b"), HasId("a")));
  EXPECT_EQ(first->at(1).state(), v1::JOB_STATE_QUEUED);
  EXPECT_THAT(*(*snapshot)->Next(2), ::testing::ElementsAre(HasId("c")));
  EXPECT_TRUE((*snapshot)->Next(2)->empty());
  EXPECT_TRUE((*snapshot)->Next(2)->empty()) << "the end stays the end";
}

TEST_P(JobStoreContract, ManySnapshotsAtOnceEachShowTheirOwnCommit) {
  std::vector<std::unique_ptr<store::Snapshot>> snapshots;
  for (int i = 0; i < 10; ++i) {
    Add("j" + std::to_string(i));
    snapshots.push_back(*store().OpenSnapshot());
  }
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(snapshots[i]->through(), i + 1);
    EXPECT_EQ(snapshots[i]->Next(100)->size(), i + 1);
  }
}

// P9: Folding the log up to a snapshot's commit gives exactly the snapshot, while two threads write as fast as they
// can.
TEST_P(JobStoreContract, ASnapshotIsWhatTheLogSaysUpToItWhileWritesGoOn) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 2; ++writer) {
    writers.emplace_back([this, &stop, writer] {
      for (int i = 0; !stop; ++i) {
        const std::string id = "w" + std::to_string(writer) + "-" + std::to_string(i);
        Add(id);
        // The other one may have taken the job meanwhile, even completed it.
        const auto expect_done_or_late = [](const absl::Status& status) {
          EXPECT_TRUE(status.ok() || absl::IsFailedPrecondition(status)) << status;
        };
        if (i % 3 == 0) expect_done_or_late(Cancel(id).status());
        if (i % 6 == 0) expect_done_or_late(Delete(id).status());
        if (const auto taken = Take(); taken.has_value() && i % 2 == 0) {
          EXPECT_OK(Complete(taken->lease));
        }
      }
    });
  }
  testing::EventFold fold;
  for (int round = 0; round < 30; ++round) {
    const auto snapshot = store().OpenSnapshot();
    ASSERT_OK(snapshot);
    size_t jobs = 0;
    for (const v1::Event& event : Events(fold.sequence())) {
      if (event.sequence() > (*snapshot)->through()) break;
      ASSERT_OK(fold.Add(event));
    }
    ASSERT_EQ(fold.sequence(), (*snapshot)->through());
    for (auto some = (*snapshot)->Next(50); !some->empty(); some = (*snapshot)->Next(50)) {
      jobs += some->size();
      for (const v1::Job& job : *some) EXPECT_OK(fold.Check(job));
    }
    EXPECT_EQ(jobs, fold.jobs().size());
  }
  stop = true;
  for (std::thread& writer : writers) writer.join();
}

}  // namespace
}  // namespace spool::contract

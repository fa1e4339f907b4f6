#include "server/store/sqlite/writer.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "server/base/fake_clock.h"
#include "server/base/status_matchers.h"
#include "server/sqlite/failing_vfs.h"
#include "server/store/sqlite/plain_job.h"

namespace spool::store {
namespace {

using sqlite::FailingVfs;

// In one transaction a job is taken and handed back, which puts it to its old place, another is cancelled and a third
// comes; then the commit fails.
TEST(Writer, PlacesInTheQueueAreWhatTheyWereAfterACommitThatFails) {
  FailingVfs disk;
  FakeClock clock;
  QueueIndex index;
  {
    auto writer = Writer::Open(std::string(::testing::TempDir()) + "/places.db", &clock, 1000, &index);
    ASSERT_OK(writer);
    ASSERT_OK((*writer)->Begin());
    for (const char* id : {"a", "b", "c"}) ASSERT_OK((*writer)->Enqueue(PlainJob(id)));
    ASSERT_OK((*writer)->Commit());
    const auto expect_three = [&index] {
      for (const int64_t place : {1, 2, 3}) EXPECT_EQ(index.AheadOf(0, place), place - 1);
      EXPECT_EQ(index.AheadOfNew(0), 3);
    };
    expect_three();

    ASSERT_OK((*writer)->Begin());
    const auto taken = (*writer)->Take(JobStore::Lanes::kAny);
    ASSERT_OK(taken);
    ASSERT_OK((*writer)->HandBack((*taken)->lease));
    ASSERT_OK((*writer)->Cancel("b"));
    ASSERT_OK((*writer)->Enqueue(PlainJob("d")));
    EXPECT_EQ(index.AheadOf(0, 3), 1);
    disk.FailAt(FailingVfs::Failure::kIo, 1, 1000000);
    EXPECT_THAT((*writer)->Commit(), StatusIs(absl::StatusCode::kUnavailable));
    expect_three();
    disk.Heal();
  }
}

}  // namespace
}  // namespace spool::store

// Workers that die: an event with a reason, another attempt, and a feed that stays up.

#include <signal.h>

#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

class WorkerDeathTest : public SpooldTest {
 protected:
  void SetUp() override {
    AddSlowVideo();
    StartServer();
    v1::WatchEventsRequest watching = FromEarliest();
    watching.set_include_progress(true);
    watch_ = OpenWatch(watching);
  }
  std::unique_ptr<Watch> watch_;
};

TEST_F(WorkerDeathTest, AKilledWorkerIsTriedAgain) {
  v1::EnqueueRequest request = ShortJob();
  request.mutable_retry_policy()->mutable_initial_backoff()->set_nanos(1000000);
  const std::string id = Enqueue(request);
  const pid_t worker = FreezeWorker(*watch_, id);
  ASSERT_NE(worker, 0);
  kill(worker, SIGKILL);
  const auto retrying = watch_->Until(v1::EVENT_TYPE_RETRYING, id);
  ASSERT_OK(retrying);
  // A kill from nowhere is how the kernel ends whoever uses too much memory.
  EXPECT_EQ(retrying->retrying().error().reason(), "OUT_OF_MEMORY");
  EXPECT_TRUE(retrying->retrying().error().retryable());
  EXPECT_FALSE(retrying->retrying().error().message().empty());
  EXPECT_EQ(retrying->retrying().error().attempt(), 1);
  ASSERT_OK(watch_->Until(v1::EVENT_TYPE_COMPLETED, id));
  EXPECT_EQ(GetJob(id).attempt(), 2);
  EXPECT_EQ(server().OutputFiles().size(), 1);
}

TEST_F(WorkerDeathTest, ACrashNamesItsSignal) {
  v1::EnqueueRequest request = ShortJob();
  request.mutable_retry_policy()->set_max_retries(0);
  const std::string id = Enqueue(request);
  const pid_t worker = FreezeWorker(*watch_, id);
  ASSERT_NE(worker, 0);
  kill(worker, SIGSEGV);
  kill(worker, SIGCONT);
  const auto failed = watch_->Until(v1::EVENT_TYPE_FAILED, id);
  ASSERT_OK(failed);
  EXPECT_EQ(failed->failed().error().reason(), "WORKER_CRASHED");
  EXPECT_THAT(failed->failed().error().message(), ::testing::HasSubstr("SIGSEGV"));
  EXPECT_FALSE(failed->failed().error().stack().empty());
  EXPECT_TRUE(server().OutputFiles().empty());
}

TEST_F(WorkerDeathTest, AKilledZygoteIsReplaced) {
  v1::EnqueueRequest request = ShortJob();
  // The next attempt must not come before there is another zygote, or it fails too; with all retries it gets through.
  request.mutable_retry_policy()->set_max_retries(10);
  const std::string id = Enqueue(request);
  const pid_t worker = FreezeWorker(*watch_, id);
  ASSERT_NE(worker, 0);
  const auto zygote = server().Zygote();
  ASSERT_OK(zygote);
  kill(*zygote, SIGKILL);
  const auto retrying = watch_->Until(v1::EVENT_TYPE_RETRYING, id);
  ASSERT_OK(retrying);
  EXPECT_EQ(retrying->retrying().error().reason(), "WORKER_CRASHED");
  ASSERT_OK(watch_->Until(v1::EVENT_TYPE_COMPLETED, id));
  EXPECT_NE(*server().Zygote(), *zygote);
  // The old worker died with the old zygote, though it was not running.
  EXPECT_NE(kill(worker, 0), 0);
  EXPECT_TRUE(server().Workers().empty());
}

TEST_F(WorkerDeathTest, AJobThatStallsIsEnded) {
  v1::EnqueueRequest request = ShortJob();
  request.mutable_retry_policy()->set_max_retries(0);
  request.mutable_limits()->mutable_max_stall_time()->set_nanos(300000000);
  const std::string id = Enqueue(request);
  ASSERT_NE(FreezeWorker(*watch_, id), 0);
  const auto failed = watch_->Until(v1::EVENT_TYPE_FAILED, id);
  ASSERT_OK(failed);
  EXPECT_EQ(failed->failed().error().reason(), "STALLED");
  EXPECT_TRUE(server().Workers().empty());
}

}  // namespace
}  // namespace spool::testing

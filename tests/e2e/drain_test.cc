// SIGTERM: running jobs may finish or are handed back, streams end with a word of where to go on, the exit code is 0.

#include <signal.h>

#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/support/status.h"
#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

class DrainTest : public SpooldTest {
 protected:
  // A watch with progress, and a job whose worker is stopped in its tracks.
  void FreezeOneJob(const std::vector<std::string>& flags) {
    AddSlowVideo();
    StartServer(flags);
    v1::WatchEventsRequest watching = FromEarliest();
    watching.set_include_progress(true);
    watch_ = OpenWatch(watching);
    id_ = Enqueue(ShortJob());
    worker_ = FreezeWorker(*watch_, id_);
    ASSERT_NE(worker_, 0);
  }
  void ExpectOrderlyEnd() {
    EXPECT_THAT(watch_->UntilEnd(), Refused(absl::StatusCode::kUnavailable, "SERVER_DRAINING"));
    EXPECT_TRUE(watch_->draining_seen());
    const auto exit = server().WaitForExit();
    ASSERT_OK(exit);
    EXPECT_EQ(exit->code, 0);
    EXPECT_EQ(exit->signal, 0);
  }

  std::unique_ptr<Watch> watch_;
  std::string id_;
  pid_t worker_ = 0;
};

// P13.
TEST_F(DrainTest, ARunningJobMayFinish) {
  FreezeOneJob({"--drain_timeout=60s"});
  const auto health = grpc::health::v1::Health::NewStub(channel());
  grpc::ClientContext context;
  const auto serving = health->Watch(&context, grpc::health::v1::HealthCheckRequest());
  grpc::health::v1::HealthCheckResponse state;
  ASSERT_TRUE(serving->Read(&state));
  EXPECT_EQ(state.status(), grpc::health::v1::HealthCheckResponse::SERVING);

  server().Terminate();
  ASSERT_TRUE(serving->Read(&state));
  EXPECT_EQ(state.status(), grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  // Nothing new is accepted; what is there can still be asked about.
  const auto refused = [&] {
    grpc::ClientContext call;
    v1::EnqueueResponse response;
    return client::FromGrpc(jobs()->Enqueue(&call, ShortJob(), &response));
  };
  absl::Status status = refused();
  // The health is told a moment before.
  while (status.ok()) status = refused();
  EXPECT_THAT(status, Refused(absl::StatusCode::kUnavailable, "SERVER_DRAINING"));
  EXPECT_EQ(GetJob(id_).state(), v1::JOB_STATE_RUNNING);

  kill(worker_, SIGCONT);
  ASSERT_OK(watch_->Until(v1::EVENT_TYPE_COMPLETED, id_));
  ExpectOrderlyEnd();
  context.TryCancel();
  StartServer();
  EXPECT_EQ(GetJob(id_).state(), v1::JOB_STATE_COMPLETED);
}

TEST_F(DrainTest, ARunningJobIsHandedBackWhenTimeIsUpAndNoAttemptIsUsed) {
  FreezeOneJob({"--drain_timeout=0s"});
  server().Terminate();
  const auto queued = watch_->Until(v1::EVENT_TYPE_QUEUED, id_);
  ASSERT_OK(queued);
  EXPECT_EQ(queued->queued().reason(), v1::QUEUED_REASON_INTERRUPTED);
  EXPECT_EQ(queued->attempt(), 0);
  ExpectOrderlyEnd();
  EXPECT_NE(kill(worker_, 0), 0) << "the worker lives on";
  EXPECT_TRUE(server().OutputFiles().empty());

  StartServer();
  watch_->Resume(jobs());
  ASSERT_OK(watch_->Until(v1::EVENT_TYPE_COMPLETED, id_));
  const v1::Job job = GetJob(id_);
  EXPECT_EQ(job.attempt(), 1);
  EXPECT_EQ(job.interruptions(), 0);
}

TEST_F(DrainTest, ASecondSignalCutsTheWaitShort) {
  FreezeOneJob({"--drain_timeout=1h"});
  server().Terminate();
  // The second one counts only once the first was taken.
  const auto health = grpc::health::v1::Health::NewStub(channel());
  grpc::health::v1::HealthCheckResponse state;
  do {
    grpc::ClientContext context;
    ASSERT_TRUE(health->Check(&context, {}, &state).ok());
  } while (state.status() == grpc::health::v1::HealthCheckResponse::SERVING);
  server().Terminate();
  ASSERT_OK(watch_->Until(v1::EVENT_TYPE_QUEUED, id_));
  ExpectOrderlyEnd();
}

TEST_F(DrainTest, AnIdleServerStopsAtOnce) {
  StartServer();
  watch_ = OpenWatch(FromEarliest());
  ASSERT_OK(watch_->UntilOpened());
  server().Terminate();
  ExpectOrderlyEnd();
}

TEST_F(DrainTest, AWatchThatItsClientHasLeftDoesNotHoldUpTheEnd) {
  StartServer();
  watch_ = OpenWatch(FromEarliest());
  ASSERT_OK(watch_->UntilOpened());
  watch_->Stop();
  server().Terminate();
  const auto exit = server().WaitForExit(absl::Seconds(30));
  ASSERT_OK(exit);
  EXPECT_EQ(exit->code, 0);
}

}  // namespace
}  // namespace spool::testing

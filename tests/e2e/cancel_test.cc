// Cancel of a running job: it ends at once and leaves nothing.

#include <stdio.h>

#include "absl/time/clock.h"
#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

class CancelTest : public SpooldTest {};

TEST_F(CancelTest, ARunningJobIsGoneWithItsWorkerAndItsPartialOutput) {
  AddSlowVideo();
  StartServer({"--slots=1", "--short_slots=0"});
  v1::WatchEventsRequest watching = FromEarliest();
  watching.set_include_progress(true);
  auto watch = OpenWatch(watching);
  const std::string id = Enqueue(SlowJob());
  ASSERT_OK(watch->UntilProgress(id));
  ASSERT_EQ(server().Workers().size(), 1);
  const std::string waiting = Enqueue(SlowJob());

  const absl::Time asked = absl::Now();
  const auto answer = client().CancelJob(id);
  ASSERT_OK(answer);
  EXPECT_TRUE(answer->job().has_cancel_requested_at() || answer->job().state() == v1::JOB_STATE_CANCELLED);
  ASSERT_OK(watch->Until(v1::EVENT_TYPE_CANCELLED, id));
  const absl::Duration took = absl::Now() - asked;
  // The promise is 500 ms on a machine that has nothing else to do.
  printf("CANCELLED after %s\n", absl::FormatDuration(took).c_str());
  EXPECT_LT(took, absl::Seconds(5));

  // Its slot is free: the next one starts.
  ASSERT_OK(watch->Until(v1::EVENT_TYPE_STARTED, waiting));
  ASSERT_OK(client().CancelJob(waiting));
  ASSERT_OK(watch->Until(v1::EVENT_TYPE_CANCELLED, waiting));
  EXPECT_TRUE(server().Workers().empty());
  EXPECT_TRUE(server().OutputFiles().empty());
  EXPECT_EQ(GetJob(id).state(), v1::JOB_STATE_CANCELLED);
}

TEST_F(CancelTest, AWorkerThatIsStuckIsCancelledToo) {
  AddSlowVideo();
  StartServer();
  v1::WatchEventsRequest watching = FromEarliest();
  watching.set_include_progress(true);
  auto watch = OpenWatch(watching);
  const std::string id = Enqueue(ShortJob());
  ASSERT_NE(FreezeWorker(*watch, id), 0);
  ASSERT_OK(client().CancelJob(id));
  ASSERT_OK(watch->Until(v1::EVENT_TYPE_CANCELLED, id));
  EXPECT_TRUE(server().Workers().empty());
}

TEST_F(CancelTest, WhatIsFinishedCannotBeCancelled) {
  AddStill("a.png");
  StartServer();
  auto watch = OpenWatch(FromEarliest());
  const std::string id = Enqueue(Resize("a.png", 2, 2));
  ASSERT_OK(watch->Until(v1::EVENT_TYPE_COMPLETED, id));
  EXPECT_THAT(client().CancelJob(id), Refused(absl::StatusCode::kFailedPrecondition, "JOB_TERMINAL"));
  EXPECT_THAT(client().CancelJob("nobody"), Refused(absl::StatusCode::kNotFound, "JOB_NOT_FOUND"));
}

}  // namespace
}  // namespace spool::testing

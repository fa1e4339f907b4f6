// Whatever a worker is doing, it can be stopped: by a cancel, by the deadline, for want of progress. And an input that
// kills workers is left alone.

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Where a worker hangs, as the extension of its input.
constexpr const char* kHangs[] = {
    // before it has opened its input
    "testhang",
    // the same, busy
    "testspin",
    // with the plan told
    "plannedtesthang",
    // while it decodes, encodes and writes
    "movingtesthang",
    // the same, in the second pass
    "halftesthang",
    "halftestspin",
    // with the output written, moved about for faststart, and checked
    "latetesthang",
};

class StageTest : public SpooldTest {
 protected:
  void SetUp() override {
    // spoold itself never asks for faults.
    const std::string worker = server().folder() + "/worker";
    std::ofstream(worker) << "#!/bin/sh\nexec " << Runfile("server/worker/spool-worker") << " --test_faults\n";
    chmod(worker.c_str(), 0755);
    AddSlowVideo();
    StartServer({absl::StrCat("--worker=", worker)});
    v1::WatchEventsRequest watching = FromEarliest();
    watching.set_include_progress(true);
    watch_ = OpenWatch(watching);
  }

  // A job of a second whose worker commits `fault`.
  v1::EnqueueRequest Faulty(const std::string& fault) {
    std::filesystem::copy_file(server().media_root() + "/slow.mp4", server().media_root() + "/a." + fault,
                               std::filesystem::copy_options::overwrite_existing);
    v1::EnqueueRequest request = Resize("a." + fault, 320, 180);
    v1::VideoOptions& video = *request.mutable_resize()->mutable_video();
    video.set_codec(v1::VIDEO_CODEC_H264);
    video.set_preset("ultrafast");
    video.set_bitrate_bps(200000);
    video.set_two_pass(true);
    request.mutable_retry_policy()->set_max_retries(0);
    return request;
  }
  void ExpectNothingIsLeft() {
    EXPECT_THAT(server().Workers(), IsEmpty());
    EXPECT_THAT(server().OutputFiles(), IsEmpty());
  }
  v1::JobError FailureOf(const std::string& id) {
    const auto failed = watch_->Until(v1::EVENT_TYPE_FAILED, id);
    EXPECT_OK(failed.status());
    return failed.ok() ? failed->failed().error() : v1::JobError();
  }

  std::unique_ptr<Watch> watch_;
};

TEST_F(StageTest, ACancelEndsIt) {
  for (const char* hang : kHangs) {
    const std::string id = Enqueue(Faulty(hang));
    ASSERT_OK(watch_->Until(v1::EVENT_TYPE_STARTED, id));
    if (absl::StartsWith(hang, "moving")) {
      ASSERT_OK(watch_->UntilProgress(id));
    }
    if (absl::StartsWith(hang, "half")) {
      ASSERT_OK(watch_->UntilProgress(id, 0.5));
    }
    ASSERT_OK(client().CancelJob(id));
    ASSERT_OK(watch_->Until(v1::EVENT_TYPE_CANCELLED, id)) << hang;
    ExpectNothingIsLeft();
  }
}

TEST_F(StageTest, ACancelWhileItEncodes4kTakesNoTime) {
  absl::Duration best = absl::InfiniteDuration();
  for (int i = 0; i < 3; ++i) {
    v1::EnqueueRequest request = SlowJob();
    // Gives its first packets soon.
    request.mutable_resize()->mutable_video()->set_preset("ultrafast");
    const std::string id = Enqueue(request);
    ASSERT_OK(watch_->UntilProgress(id));
    const absl::Time asked = absl::Now();
    ASSERT_OK(client().CancelJob(id));
    ASSERT_OK(watch_->Until(v1::EVENT_TYPE_CANCELLED, id));
    best = std::min(best, absl::Now() - asked);
    ExpectNothingIsLeft();
  }
  printf("CANCELLED after %s\n", absl::FormatDuration(best).c_str());
  EXPECT_LT(best, absl::Milliseconds(500));
}

TEST_F(StageTest, TheDeadlineEndsIt) {
  for (const char* hang : kHangs) {
    v1::EnqueueRequest request = Faulty(hang);
    request.mutable_limits()->mutable_max_run_time()->set_seconds(2);
    EXPECT_EQ(FailureOf(Enqueue(request)).reason(), "DEADLINE_EXCEEDED") << hang;
    ExpectNothingIsLeft();
  }
  v1::EnqueueRequest encoding = SlowJob();
  encoding.mutable_retry_policy()->set_max_retries(0);
  encoding.mutable_limits()->mutable_max_run_time()->set_seconds(1);
  EXPECT_EQ(FailureOf(Enqueue(encoding)).reason(), "DEADLINE_EXCEEDED");
  ExpectNothingIsLeft();
}

TEST_F(StageTest, SilenceEndsIt) {
  for (const char* hang : kHangs) {
    v1::EnqueueRequest request = Faulty(hang);
    request.mutable_limits()->mutable_max_stall_time()->set_nanos(700000000);
    const v1::JobError error = FailureOf(Enqueue(request));
    EXPECT_EQ(error.reason(), "STALLED") << hang;
    EXPECT_TRUE(error.retryable());
    ExpectNothingIsLeft();
  }
}

TEST_F(StageTest, AnInputThatKillsThreeWorkersIsQuarantined) {
  v1::EnqueueRequest request = Faulty("testsegv");
  request.mutable_retry_policy()->set_max_retries(10);
  request.mutable_retry_policy()->mutable_initial_backoff()->set_nanos(1000000);
  const std::string first = Enqueue(request);
  const v1::JobError error = FailureOf(first);
  EXPECT_EQ(error.reason(), "INPUT_QUARANTINED");
  EXPECT_FALSE(error.retryable());
  EXPECT_EQ(error.attempt(), 3);
  EXPECT_THAT(error.message(), HasSubstr("SIGSEGV"));
  EXPECT_FALSE(error.stack().empty());

  // Another job does not even get a worker.
  const v1::JobError refused = FailureOf(Enqueue(request));
  EXPECT_EQ(refused.reason(), "INPUT_QUARANTINED");
  EXPECT_EQ(refused.attempt(), 1);
  EXPECT_TRUE(refused.stack().empty());

  // The file is written anew: a new chance.
  request = Faulty("testsegv");
  EXPECT_EQ(FailureOf(Enqueue(request)).reason(), "WORKER_CRASHED");
}

}  // namespace
}  // namespace spool::testing

#include "server/executor/tame.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace spool::executor {
namespace {

TEST(Tame, TextIsCutAndPrintable) {
  EXPECT_EQ(Tame("a\x1b[2J\n\xc3\xa9\x7f", 100), "a?[2J\n???");
  EXPECT_EQ(Tame("abcdef", 3), "abc");
}

TEST(Tame, ProgressNeverFalls) {
  v1::JobProgress last;
  last.set_fraction(0.5);
  last.set_frames(10);
  last.set_bytes(1000);
  v1::JobProgress told;
  told.set_fraction(0.4);
  told.set_frames(-1);
  told.set_bytes(999);
  told.set_fps(std::nan(""));
  told.set_speed(-2);
  told.mutable_eta()->set_seconds(std::numeric_limits<int64_t>::max());
  told.set_attempt(99);
  const v1::JobProgress progress = Tame(told, last, {}, 3);
  EXPECT_EQ(progress.fraction(), 0.5);
  EXPECT_EQ(progress.frames(), 10);
  EXPECT_EQ(progress.bytes(), 1000);
  EXPECT_EQ(progress.fps(), 0);
  EXPECT_EQ(progress.speed(), 0);
  EXPECT_EQ(progress.eta().seconds(), 24 * 365 * 3600);
  EXPECT_EQ(progress.attempt(), 3);
  told.set_fraction(HUGE_VAL);
  EXPECT_EQ(Tame(told, last, {}, 3).fraction(), 0.5);
  told.set_fraction(7);
  EXPECT_EQ(Tame(told, last, {}, 3).fraction(), 1);
}

TEST(Tame, ProgressHasOneEntryForEachOutputAndNoOther) {
  v1::JobProgress told;
  for (int i = 0; i < 100; ++i) {
    v1::OutputProgress& output = *told.add_outputs();
    output.set_name(i == 7 ? "b" : "unheard-of");
    output.set_fraction(0.25);
    output.set_frames(5);
  }
  v1::JobProgress progress = Tame(told, {}, {"a", "b"}, 1);
  ASSERT_EQ(progress.outputs_size(), 2);
  EXPECT_EQ(progress.outputs(0).name(), "a");
  EXPECT_EQ(progress.outputs(0).fraction(), 0);
  EXPECT_EQ(progress.outputs(1).name(), "b");
  EXPECT_EQ(progress.outputs(1).fraction(), 0.25);
  told.mutable_outputs(7)->set_fraction(0.1);
  progress = Tame(told, progress, {"a", "b"}, 1);
  EXPECT_EQ(progress.outputs(1).fraction(), 0.25);
  progress = Tame(v1::JobProgress(), progress, {"a", "b"}, 1);
  EXPECT_EQ(progress.outputs(1).frames(), 5);
  EXPECT_EQ(Tame(told, {}, {}, 1).outputs_size(), 0);
}

TEST(Tame, PlansAreBounded) {
  v1::OutputPlan told;
  told.set_name("not this");
  told.set_container(static_cast<v1::Container>(77));
  for (int i = 0; i < 1000; ++i) told.add_streams()->set_filters(std::string(10000, '\x01'));
  for (int i = 0; i < 1000; ++i) told.add_warnings(std::string(10000, 'w'));
  told.set_encoded_megapixels(-HUGE_VAL);
  told.set_error(std::string(100000, 'e'));
  const v1::OutputPlan plan = Tame(told, "this");
  EXPECT_EQ(plan.name(), "this");
  EXPECT_EQ(plan.container(), v1::CONTAINER_UNSPECIFIED);
  EXPECT_EQ(plan.streams_size(), 256);
  EXPECT_EQ(plan.streams(0).filters(), std::string(2048, '?'));
  EXPECT_EQ(plan.warnings_size(), 16);
  EXPECT_EQ(plan.warnings(0).size(), 512u);
  EXPECT_EQ(plan.encoded_megapixels(), 0);
  EXPECT_EQ(plan.error().size(), kMaxTextBytes);
}

TEST(Tame, ResultsTellOnlyWhatTheWorkerMayTell) {
  v1::JobResult told;
  told.set_width(640);
  told.set_output("/etc/passwd");
  told.set_vtt("x.vtt");
  told.mutable_plan()->add_outputs();
  told.add_outputs();
  told.set_measured_lufs(std::nan(""));
  told.set_sha256(std::string(100, 'a'));
  const v1::JobResult result = Tame(told);
  EXPECT_EQ(result.width(), 640);
  EXPECT_EQ(result.output(), "");
  EXPECT_EQ(result.vtt(), "");
  EXPECT_FALSE(result.has_plan());
  EXPECT_EQ(result.outputs_size(), 0);
  EXPECT_FALSE(result.has_measured_lufs());
  EXPECT_EQ(result.sha256().size(), 64u);
}

}  // namespace
}  // namespace spool::executor

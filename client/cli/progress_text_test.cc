#include "client/cli/progress_text.h"

#include <cmath>

#include "client/cli/text.h"
#include "gtest/gtest.h"

namespace spool::cli {
namespace {

v1::JobProgress Half() {
  v1::JobProgress progress;
  progress.set_fraction(0.5);
  progress.set_basis(v1::PROGRESS_BASIS_TIME);
  progress.set_fps(118.4);
  progress.set_speed(4.93);
  progress.mutable_eta()->set_seconds(7);
  return progress;
}

TEST(RenderProgress, ShowsAllThatIsKnown) {
  EXPECT_EQ(RenderProgress("resize-cat-1", Half(), 80),
            "resize-cat-1 [██████████░░░░░░░░░░]  50%  118 fps  4.9x  eta 0:07");
}

TEST(RenderProgress, NeverIsWiderThanTheTerminal) {
  for (int columns = 0; columns < 90; ++columns) {
    EXPECT_LE(Columns(RenderProgress("resize-cat-01JGFJJZ00ABCDEFGHJKMNPQRS", Half(), columns)), columns);
  }
}

TEST(RenderProgress, ShortensTheLabelFirst) {
  EXPECT_EQ(RenderProgress("resize-cat-01JGFJJZ00", Half(), 69),
            "resize-cat-01JG… [██████████░░░░░░░░░░]  50%  118 fps  4.9x  eta 0:07");
}

TEST(RenderProgress, Says100OnlyWhenItIs) {
  v1::JobProgress progress;
  progress.set_fraction(0.9999);
  EXPECT_EQ(RenderProgress("j", progress, 80), "j [███████████████████░]  99%");
  progress.set_fraction(1);
  EXPECT_EQ(RenderProgress("j", progress, 80), "j [████████████████████] 100%");
}

TEST(RenderProgress, SurvivesNonsense) {
  v1::JobProgress progress;
  for (const double fraction : {-1.0, std::nan(""), -HUGE_VAL, HUGE_VAL}) {
    progress.set_fraction(fraction);
    EXPECT_EQ(RenderProgress("j", progress, 80), "j [░░░░░░░░░░░░░░░░░░░░]   0%");
  }
  progress.set_fraction(3);
  EXPECT_EQ(RenderProgress("j", progress, 80), "j [████████████████████] 100%");
}

TEST(RenderProgress, CountsFramesWhenThereIsNothingToMeasureAgainst) {
  v1::JobProgress progress;
  progress.set_basis(v1::PROGRESS_BASIS_INDETERMINATE);
  progress.set_frames(120);
  EXPECT_EQ(RenderProgress("j", progress, 80), "j  120 frames");
}

TEST(RenderTransfer, ShowsBytes) {
  EXPECT_EQ(RenderTransfer("uploading cat.mp4", 1'000'000, 4'000'000, 80),
            "uploading cat.mp4 [█████░░░░░░░░░░░░░░░]  25%  1.0 MB of 4.0 MB");
  EXPECT_EQ(RenderTransfer("uploading pipe", 1'000'000, 0, 80), "uploading pipe  1.0 MB");
}

}  // namespace
}  // namespace spool::cli

#include "server/media/progress.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/proto_time.h"

namespace spool::media {
namespace {

class ProgressTest : public ::testing::Test {
 protected:
  ProgressMeter Meter(const ProgressMeter::Whole& whole) {
    return ProgressMeter(
        whole, [this] { return now_; }, [this](const v1::JobProgress& progress) { samples_.push_back(progress); });
  }
  absl::Duration now_ = absl::ZeroDuration();
  std::vector<v1::JobProgress> samples_;
};

TEST_F(ProgressTest, GoesByTimeAndGivesRates) {
  ProgressMeter meter = Meter({absl::Seconds(10), 300, 1000});
  for (int i = 1; i <= 10; ++i) {
    now_ += absl::Milliseconds(500);
    meter.Update({absl::Seconds(i), i * 30, i * 100});
  }
  ASSERT_EQ(samples_.size(), 10u);
  EXPECT_EQ(samples_[4].basis(), v1::PROGRESS_BASIS_TIME);
  EXPECT_DOUBLE_EQ(samples_[4].fraction(), 0.5);
  EXPECT_EQ(samples_[4].frames(), 150);
  EXPECT_DOUBLE_EQ(samples_[4].fps(), 60);
  EXPECT_DOUBLE_EQ(samples_[4].speed(), 2);
  EXPECT_EQ(FromProto(samples_[4].eta()), absl::Milliseconds(2500));
}

TEST_F(ProgressTest, SendsAtMostTenASecond) {
  ProgressMeter meter = Meter({absl::Seconds(10), 0, 0});
  for (int i = 0; i < 1000; ++i) {
    now_ += absl::Milliseconds(1);
    meter.Update({absl::Milliseconds(i), i, 0});
  }
  EXPECT_EQ(samples_.size(), 10u);
}

TEST_F(ProgressTest, NeverGoesBackAndIsOneOnlyAtTheEnd) {
  ProgressMeter meter = Meter({absl::Seconds(1), 0, 0});
  for (const int seconds : {0, 5, 1, -3, 100000, 2}) {
    now_ += absl::Seconds(1);
    meter.Update({absl::Seconds(seconds), 1, 0});
  }
  double last = 0;
  for (const v1::JobProgress& sample : samples_) {
    EXPECT_TRUE(std::isfinite(sample.fraction()));
    EXPECT_TRUE(std::isfinite(sample.fps()));
    EXPECT_TRUE(std::isfinite(sample.speed()));
    EXPECT_GE(sample.fraction(), last);
    EXPECT_LT(sample.fraction(), 1);
    last = sample.fraction();
  }
  meter.Finish({absl::Seconds(3), 90, 0});
  EXPECT_EQ(samples_.back().fraction(), 1);
  EXPECT_EQ(samples_.back().frames(), 90);
  EXPECT_FALSE(samples_.back().has_eta());
}

TEST_F(ProgressTest, TakesTheBestBasisThereIs) {
  struct Case {
    ProgressMeter::Whole whole;
    v1::ProgressBasis basis;
    double fraction;
  };
  const Case cases[] = {
      {{absl::Seconds(4), 50, 1000}, v1::PROGRESS_BASIS_TIME, 0.25},
      {{absl::ZeroDuration(), 50, 1000}, v1::PROGRESS_BASIS_FRAMES, 0.5},
      {{absl::ZeroDuration(), 0, 1000}, v1::PROGRESS_BASIS_BYTES, 0.1},
      {{absl::ZeroDuration(), 0, 0}, v1::PROGRESS_BASIS_INDETERMINATE, 0},
  };
  for (const Case& c : cases) {
    ProgressMeter meter = Meter(c.whole);
    now_ += absl::Seconds(1);
    meter.Update({absl::Seconds(1), 25, 100});
    EXPECT_EQ(samples_.back().basis(), c.basis);
    EXPECT_DOUBLE_EQ(samples_.back().fraction(), c.fraction);
  }
}

}  // namespace
}  // namespace spool::media

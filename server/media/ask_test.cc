#include "server/media/ask.h"

#include "gtest/gtest.h"
#include "server/av/failure.h"
#include "server/base/proto_time.h"
#include "server/base/status_matchers.h"

namespace spool::media {
namespace {

InputFacts Lasting(absl::Duration length) {
  InputFacts facts;
  if (length > absl::ZeroDuration()) *facts.info.mutable_duration() = ToProto(length);
  return facts;
}

template <typename Spec>
Ask Of(const Spec& spec, absl::Duration length) {
  const auto ask = AskOf({spec}, Lasting(length));
  EXPECT_OK(ask);
  return ask.ok() ? *ask : Ask();
}

TEST(Ask, AThumbnailWithoutATimeIsATypicalPictureNearTheBeginning) {
  const Ask ask = Of(v1::ThumbnailSpec(), absl::Seconds(100));
  EXPECT_TRUE(ask.typical);
  EXPECT_EQ(ask.range.start, absl::Seconds(10));
  EXPECT_EQ(ask.container, v1::CONTAINER_JPEG);
  EXPECT_FALSE(ask.size.has_value());
}

TEST(Ask, AThumbnailBeyondTheEndIsThatOfTheEnd) {
  v1::ThumbnailSpec spec;
  *spec.mutable_at() = ToProto(absl::Hours(1));
  const Ask ask = Of(spec, absl::Seconds(100));
  EXPECT_FALSE(ask.typical);
  EXPECT_EQ(ask.range.start, absl::Seconds(100));
}

TEST(Ask, ASheetHoldsTheWholeInput) {
  const Sheet whole = *Of(v1::SpriteSheetSpec(), absl::Seconds(1000)).sheet;
  EXPECT_EQ(whole.interval, absl::Seconds(10));
  EXPECT_EQ(whole.count, 100);
  EXPECT_EQ(whole.columns * whole.rows, 100);
  // Never more than one a second by default.
  const Sheet little = *Of(v1::SpriteSheetSpec(), absl::Milliseconds(3500)).sheet;
  EXPECT_EQ(little.count, 4);
  EXPECT_EQ(little.columns, 4);
  EXPECT_EQ(little.rows, 1);
  // An interval that is too short for the room is widened.
  v1::SpriteSheetSpec dense;
  *dense.mutable_interval() = ToProto(absl::Milliseconds(100));
  dense.set_columns(2);
  dense.set_rows(2);
  const Sheet widened = *Of(dense, absl::Seconds(8)).sheet;
  EXPECT_EQ(widened.interval, absl::Seconds(2));
  EXPECT_EQ(widened.count, 4);
}

TEST(Ask, APreviewLiesInsideTheInput) {
  const Ask usual = Of(v1::PreviewSpec(), absl::Seconds(60));
  EXPECT_EQ(usual.range.start, absl::Seconds(6));
  EXPECT_EQ(usual.range.end, absl::Seconds(9));
  const Ask tiny = Of(v1::PreviewSpec(), absl::Seconds(1));
  EXPECT_EQ(tiny.range.start, absl::ZeroDuration());
  EXPECT_EQ(tiny.range.end, absl::InfiniteDuration());
  EXPECT_EQ(tiny.video.frame_rate(), 10);
}

TEST(Ask, APartThatBeginsBeyondTheEndIsRefused) {
  v1::ConvertSpec spec;
  *spec.mutable_trim()->mutable_start() = ToProto(absl::Seconds(7));
  EXPECT_EQ(av::ReasonOf(AskOf({spec}, Lasting(absl::Seconds(7))).status()), av::Reason::kInvalidSpec);
  EXPECT_OK(AskOf({spec}, Lasting(absl::Seconds(8))));
  EXPECT_OK(AskOf({spec}, Lasting(absl::ZeroDuration())));
}

}  // namespace
}  // namespace spool::media

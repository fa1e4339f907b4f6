#include "server/media/geometry.h"

#include <initializer_list>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/av/failure.h"
#include "server/base/status_matchers.h"

namespace spool::media {

void PrintTo(const Size& size, std::ostream* os) { *os << size.width << "x" << size.height; }

namespace {

Picture Square(int width, int height) { return Picture{{width, height}, 1, {}}; }

v1::ResizeSpec Spec(int width, int height, v1::Fit fit = v1::FIT_UNSPECIFIED) {
  v1::ResizeSpec spec;
  spec.set_width(width);
  spec.set_height(height);
  spec.set_fit(fit);
  return spec;
}

Size Resized(const Picture& picture, const v1::ResizeSpec& spec, Rounding rounding = Rounding::kEven) {
  const auto size = SizeFor(picture, spec, rounding);
  EXPECT_OK(size);
  return size.ok() ? size->size : Size{};
}

TEST(DisplaySize, StretchesPixelsThatAreNotSquare) {
  EXPECT_EQ(DisplaySize({{720, 576}, 64.0 / 45, {}}), (Size{1024, 576}));
  EXPECT_EQ(DisplaySize({{1440, 1080}, 4.0 / 3, {}}), (Size{1920, 1080}));
  EXPECT_EQ(DisplaySize({{640, 480}, 0.5, {}}), (Size{640, 960}));
}

TEST(DisplaySize, StandsTheTurnedPictureUpright) {
  EXPECT_EQ(DisplaySize({{640, 360}, 1, {false, 90}}), (Size{360, 640}));
  EXPECT_EQ(DisplaySize({{640, 360}, 1, {true, 270}}), (Size{360, 640}));
  EXPECT_EQ(DisplaySize({{640, 360}, 1, {false, 180}}), (Size{640, 360}));
  // The stretched side turns with the picture.
  EXPECT_EQ(DisplaySize({{720, 576}, 64.0 / 45, {false, 90}}), (Size{576, 1024}));
}

TEST(NaturalSize, CutsAnOddRowOffWhereColourNeedsIt) {
  EXPECT_EQ(NaturalSize(Square(641, 361), Rounding::kEven), (Size{640, 360}));
  EXPECT_EQ(NaturalSize(Square(641, 361), Rounding::kAny), (Size{641, 361}));
  EXPECT_EQ(NaturalSize(Square(1, 1), Rounding::kEven), (Size{2, 2}));
}

TEST(SizeFor, OneSideFollowsTheOther) {
  EXPECT_EQ(Resized(Square(1920, 1080), Spec(1280, 0)), (Size{1280, 720}));
  EXPECT_EQ(Resized(Square(1920, 1080), Spec(0, 360)), (Size{640, 360}));
  EXPECT_EQ(Resized(Square(853, 480), Spec(320, 0)), (Size{320, 180}));
  EXPECT_EQ(Resized(Square(333, 221), Spec(100, 0), Rounding::kAny), (Size{100, 66}));
}

TEST(SizeFor, PadCoverAndStretchGiveExactlyWhatWasAsked) {
  for (const v1::Fit fit : {v1::FIT_UNSPECIFIED, v1::FIT_PAD, v1::FIT_COVER, v1::FIT_STRETCH}) {
    for (const Size from : {Size{640, 360}, Size{1, 1}, Size{4000, 3}, Size{3, 4000}}) {
      EXPECT_EQ(Resized(Square(from.width, from.height), Spec(800, 600, fit)), (Size{800, 600})) << fit;
    }
  }
}

TEST(SizeFor, ContainFitsInside) {
  EXPECT_EQ(Resized(Square(640, 360), Spec(800, 600, v1::FIT_CONTAIN)), (Size{800, 450}));
  EXPECT_EQ(Resized(Square(360, 640), Spec(800, 600, v1::FIT_CONTAIN)), (Size{338, 600}));
  EXPECT_EQ(Resized(Square(4000, 2), Spec(100, 100, v1::FIT_CONTAIN)), (Size{100, 2}));
}

TEST(SizeFor, OddSidesAreMadeEvenDownwards) {
  EXPECT_EQ(Resized(Square(640, 360), Spec(321, 181)), (Size{320, 180}));
  EXPECT_EQ(Resized(Square(640, 360), Spec(321, 181), Rounding::kAny), (Size{321, 181}));
  EXPECT_EQ(Resized(Square(640, 360), Spec(3, 3)), (Size{2, 2}));
}

TEST(SizeFor, GoesByTheUprightPicture) {
  EXPECT_EQ(Resized({{640, 360}, 1, {false, 90}}, Spec(180, 0)), (Size{180, 320}));
  EXPECT_EQ(Resized({{720, 576}, 64.0 / 45, {}}, Spec(512, 0)), (Size{512, 288}));
}

TEST(SizeFor, NeverLeavesWhatEncodersTake) {
  EXPECT_EQ(Resized(Square(16, 16384), Spec(16384, 0)).height, 16384);
  EXPECT_EQ(Resized(Square(16384, 1), Spec(100, 0)).height, 2);
}

TEST(SizeFor, SaysWhenThePictureIsEnlarged) {
  struct Case {
    v1::ResizeSpec spec;
    bool enlarged;
  };
  const Case cases[] = {
      {Spec(641, 0), false},  // rounds to 640
      {Spec(642, 0), true},
      {Spec(0, 720), true},
      {Spec(320, 720), false},  // the picture inside the bars is smaller
      {Spec(800, 200), false},
      {Spec(320, 720, v1::FIT_COVER), true},
      {Spec(320, 720, v1::FIT_STRETCH), true},
      {Spec(640, 360), false},
      {Spec(800, 600, v1::FIT_CONTAIN), true},
  };
  for (const Case& c : cases) {
    const auto size = SizeFor(Square(640, 360), c.spec, Rounding::kEven);
    ASSERT_OK(size);
    EXPECT_EQ(size->enlarged, c.enlarged) << c.spec.ShortDebugString();

    v1::ResizeSpec strict = c.spec;
    strict.set_no_upscale(true);
    const auto checked = SizeFor(Square(640, 360), strict, Rounding::kEven);
    EXPECT_EQ(checked.ok(), !c.enlarged) << c.spec.ShortDebugString();
    if (c.enlarged) {
      EXPECT_EQ(av::ReasonOf(checked.status()), av::Reason::kInvalidSpec);
    }
  }
}

TEST(Place, PutsBarsRoundAPictureOfAnotherShape) {
  const Placement wide = Place(Square(640, 360), {800, 600}, v1::FIT_PAD, Rounding::kEven);
  EXPECT_EQ(wide.scaled, (Size{800, 450}));
  EXPECT_EQ(wide.pad_x, 0);
  EXPECT_EQ(wide.pad_y, 74);
  const Placement tall = Place(Square(360, 640), {800, 600}, v1::FIT_PAD, Rounding::kEven);
  EXPECT_EQ(tall.scaled, (Size{338, 600}));
  EXPECT_EQ(tall.pad_x, 230);
}

TEST(Place, FillsAFrameOfTheSameShapeUpToRounding) {
  EXPECT_EQ(Place(Square(1366, 768), {640, 360}, v1::FIT_CONTAIN, Rounding::kEven).scaled, (Size{640, 360}));
  EXPECT_EQ(Place(Square(853, 480), {320, 180}, v1::FIT_CONTAIN, Rounding::kEven).scaled, (Size{320, 180}));
}

TEST(Place, CropsAtTheCentreToCover) {
  const Placement place = Place(Square(640, 360), {300, 300}, v1::FIT_COVER, Rounding::kEven);
  EXPECT_EQ(place.crop, (Size{360, 360}));
  EXPECT_EQ(place.crop_x, 140);
  EXPECT_EQ(place.crop_y, 0);
  EXPECT_EQ(place.scaled, (Size{300, 300}));
  // Pixels twice as wide as high: half as many of them make a square.
  EXPECT_EQ(Place({{400, 400}, 2, {}}, {100, 100}, v1::FIT_COVER, Rounding::kEven).crop, (Size{200, 400}));
}

TEST(Place, CutsAnOddRowInsteadOfScaling) {
  const Placement place = Place(Square(641, 361), {640, 360}, v1::FIT_CONTAIN, Rounding::kEven);
  EXPECT_EQ(place.crop, (Size{640, 360}));
  EXPECT_EQ(place.scaled, (Size{640, 360}));
}

TEST(Place, IsAlwaysInsideTheFrameAndThePicture) {
  for (const Rounding rounding : {Rounding::kAny, Rounding::kEven}) {
    for (const v1::Fit fit : {v1::FIT_PAD, v1::FIT_CONTAIN, v1::FIT_COVER, v1::FIT_STRETCH}) {
      for (const int width : {1, 2, 3, 17, 640, 641, 16384}) {
        for (const int height : {1, 2, 5, 360, 361, 16384}) {
          for (const double aspect : {1.0, 64.0 / 45, 0.3}) {
            const Size frame = {802, 46};
            const Picture picture = {{width, height}, aspect, {}};
            const Placement place = Place(picture, frame, fit, rounding);
            EXPECT_GE(place.crop.width, 1);
            EXPECT_GE(place.crop.height, 1);
            EXPECT_LE(place.crop_x + place.crop.width, width);
            EXPECT_LE(place.crop_y + place.crop.height, height);
            EXPECT_GE(place.scaled.width, 1);
            EXPECT_GE(place.scaled.height, 1);
            EXPECT_GE(place.pad_x, 0);
            EXPECT_GE(place.pad_y, 0);
            EXPECT_LE(place.pad_x + place.scaled.width, frame.width);
            EXPECT_LE(place.pad_y + place.scaled.height, frame.height);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace spool::media

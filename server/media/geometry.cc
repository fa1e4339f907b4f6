#include "server/media/geometry.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "server/av/failure.h"

namespace spool::media {
namespace {

constexpr int kLargestSide = 16384;

int SmallestSide(Rounding rounding) { return rounding == Rounding::kEven ? 2 : 1; }

// The nearest size that `rounding` allows.
int RoundSide(double side, Rounding rounding) {
  const double step = rounding == Rounding::kEven ? 2 : 1;
  const double rounded = std::round(side / step) * step;
  return static_cast<int>(std::clamp<double>(rounded, SmallestSide(rounding), kLargestSide));
}

// A size that was asked for: one that has to be made even gets smaller, so that it still fits where it was meant for.
int AskedSide(int side, Rounding rounding) {
  const int even = rounding == Rounding::kEven ? side - side % 2 : side;
  return std::clamp(even, SmallestSide(rounding), kLargestSide);
}

// Width and height of the upright picture in square pixels, before rounding.
struct Exact {
  double width;
  double height;
};

Exact ExactDisplay(const Picture& picture) {
  const Size upright = UprightSize(picture);
  const double aspect = UprightPixelAspect(picture);
  // Stretch one side rather than shrink the other: no pixel is lost.
  if (aspect >= 1) return {upright.width * aspect, static_cast<double>(upright.height)};
  return {static_cast<double>(upright.width), upright.height / aspect};
}

// The largest size of the picture's shape inside `box`.
Size Inside(const Exact& shape, Size box, Rounding rounding) {
  const double scale = std::min(box.width / shape.width, box.height / shape.height);
  return {std::min(RoundSide(shape.width * scale, rounding), box.width),
          std::min(RoundSide(shape.height * scale, rounding), box.height)};
}

// A part of `whole` (upright stored pixels) that has the shape of `frame`.
Placement CropToShape(const Size& whole, double pixel_aspect, Size frame, Rounding rounding, v1::CropGravity gravity) {
  Placement place;
  // Width over height of the wanted part, in stored pixels.
  const double wanted = static_cast<double>(frame.width) / frame.height / pixel_aspect;
  place.crop = whole;
  if (whole.width > whole.height * wanted) {
    place.crop.width = std::clamp(RoundSide(whole.height * wanted, Rounding::kAny), 1, whole.width);
  } else {
    place.crop.height = std::clamp(RoundSide(whole.width / wanted, Rounding::kAny), 1, whole.height);
  }
  const int spare_x = whole.width - place.crop.width;
  const int spare_y = whole.height - place.crop.height;
  place.crop_x = gravity == v1::CROP_GRAVITY_LEFT ? 0 : gravity == v1::CROP_GRAVITY_RIGHT ? spare_x : spare_x / 2;
  place.crop_y = gravity == v1::CROP_GRAVITY_TOP ? 0 : gravity == v1::CROP_GRAVITY_BOTTOM ? spare_y : spare_y / 2;
  if (rounding == Rounding::kEven) {
    // An odd corner would shift colour against light by half a pixel.
    place.crop_x -= place.crop_x % 2;
    place.crop_y -= place.crop_y % 2;
  }
  place.scaled = frame;
  return place;
}

// Whether stretching `shape` to `frame` is no more than rounding to whole (or even) pixels.
bool IsRoundingOf(const Exact& shape, Size frame, Rounding rounding) {
  const Size inside = Inside(shape, frame, rounding);
  const int slack = rounding == Rounding::kEven ? 2 : 1;
  return frame.width - inside.width <= slack && frame.height - inside.height <= slack;
}

}  // namespace

Size UprightSize(const Picture& picture) {
  Size size = picture.stored;
  if (picture.orientation.swaps_sides()) std::swap(size.width, size.height);
  return size;
}

double UprightPixelAspect(const Picture& picture) {
  return picture.orientation.swaps_sides() ? 1 / picture.pixel_aspect : picture.pixel_aspect;
}

Size DisplaySize(const Picture& picture) { return NaturalSize(picture, Rounding::kAny); }

Size NaturalSize(const Picture& picture, Rounding rounding) {
  const Exact exact = ExactDisplay(picture);
  if (rounding == Rounding::kAny) return {RoundSide(exact.width, rounding), RoundSide(exact.height, rounding)};
  // Down, not to nearest: an odd row is cut off, none is invented.
  return {AskedSide(RoundSide(exact.width, Rounding::kAny), rounding),
          AskedSide(RoundSide(exact.height, Rounding::kAny), rounding)};
}

absl::StatusOr<OutputSize> SizeFor(const Picture& picture, const v1::ResizeSpec& spec, Rounding rounding) {
  const Exact display = ExactDisplay(picture);
  OutputSize output;
  // Size of the undistorted picture, bars and crop left aside.
  double scale;
  if (spec.width() > 0 && spec.height() > 0) {
    const Size asked = {AskedSide(spec.width(), rounding), AskedSide(spec.height(), rounding)};
    const double by_width = asked.width / display.width;
    const double by_height = asked.height / display.height;
    if (spec.fit() == v1::FIT_SHRINK && std::min(by_width, by_height) >= 1) {
      output.size = NaturalSize(picture, rounding);
      return output;
    }
    const bool is_inside = spec.fit() == v1::FIT_CONTAIN || spec.fit() == v1::FIT_SHRINK;
    output.size = is_inside ? Inside(display, asked, rounding) : asked;
    const bool takes_larger = spec.fit() == v1::FIT_COVER || spec.fit() == v1::FIT_STRETCH;
    scale = takes_larger ? std::max(by_width, by_height) : std::min(by_width, by_height);
  } else if (spec.width() > 0) {
    output.size.width = AskedSide(spec.width(), rounding);
    scale = output.size.width / display.width;
    output.size.height = RoundSide(display.height * scale, rounding);
  } else if (spec.height() > 0) {
    output.size.height = AskedSide(spec.height(), rounding);
    scale = output.size.height / display.height;
    output.size.width = RoundSide(display.width * scale, rounding);
  } else {
    return av::Failure(av::Reason::kInvalidSpec, "a resize needs a width or a height");
  }
  // Half a pixel is rounding, not enlarging.
  output.enlarged = (scale - 1) * std::max(display.width, display.height) > 0.5;
  if (output.enlarged && spec.no_upscale()) {
    const Size original = DisplaySize(picture);
    return av::Failure(av::Reason::kInvalidSpec,
                       absl::StrCat("the picture is ", original.width, "x", original.height, ", so ", output.size.width,
                                    "x", output.size.height, " would enlarge it, which no_upscale forbids"));
  }
  return output;
}

Placement Place(const Picture& picture, Size frame, v1::Fit fit, Rounding rounding, v1::CropGravity gravity) {
  const Size whole = UprightSize(picture);
  const double pixel_aspect = UprightPixelAspect(picture);
  const Exact display = ExactDisplay(picture);
  Placement place;
  place.crop = whole;
  place.scaled = frame;
  // One odd row or column too many: cut it off and leave the rest as it is.
  const bool trims = pixel_aspect == 1 && whole.width - frame.width >= 0 && whole.width - frame.width <= 1 &&
                     whole.height - frame.height >= 0 && whole.height - frame.height <= 1;
  if (trims) {
    place.crop = frame;
    return place;
  }
  if (fit == v1::FIT_STRETCH) return place;
  if (fit == v1::FIT_COVER) return CropToShape(whole, pixel_aspect, frame, rounding, gravity);
  if (IsRoundingOf(display, frame, rounding)) return place;

  place.scaled = Inside(display, frame, rounding);
  place.pad_x = (frame.width - place.scaled.width) / 2;
  place.pad_y = (frame.height - place.scaled.height) / 2;
  if (rounding == Rounding::kEven) {
    place.pad_x -= place.pad_x % 2;
    place.pad_y -= place.pad_y % 2;
  }
  return place;
}

}  // namespace spool::media

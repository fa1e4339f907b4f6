// Picture sizes: what a ResizeSpec comes to for a given picture. Pure arithmetic.

#ifndef SPOOL_SERVER_MEDIA_GEOMETRY_H_
#define SPOOL_SERVER_MEDIA_GEOMETRY_H_

#include "absl/status/statusor.h"
#include "spool/v1/job.pb.h"

namespace spool::media {

struct Size {
  int width = 0;
  int height = 0;
  friend bool operator==(const Size&, const Size&) = default;
};

// How a picture is turned to stand upright: first the flip (left to right), then the turn.
struct Orientation {
  bool flip = false;
  // Clockwise: 0, 90, 180, 270.
  int degrees = 0;
  bool swaps_sides() const { return degrees == 90 || degrees == 270; }
  bool is_upright() const { return !flip && degrees == 0; }
  friend bool operator==(const Orientation&, const Orientation&) = default;
};

// A stored picture: its pixels need not be square, nor need it stand upright.
struct Picture {
  Size stored;
  // Width of a stored pixel over its height.
  double pixel_aspect = 1;
  Orientation orientation;
};

// Upright pixels, still of the stored shape.
Size UprightSize(const Picture& picture);
// Aspect of an upright pixel.
double UprightPixelAspect(const Picture& picture);
// Upright and square: what people call the picture's size. The side that is not stretched keeps its pixels.
Size DisplaySize(const Picture& picture);

// Whether sizes must be even: 4:2:0 pictures have half as much colour each way.
enum class Rounding { kAny, kEven };

// What a resize comes to.
struct OutputSize {
  Size size;
  // The picture inside it (without bars) is larger than the original.
  bool enlarged = false;
};

// The output's size for `spec`. INVALID_SPEC if that enlarges and `spec` forbids it.
absl::StatusOr<OutputSize> SizeFor(const Picture& picture, const v1::ResizeSpec& spec, Rounding rounding);

// The output's size when no one asked for one.
Size NaturalSize(const Picture& picture, Rounding rounding);

// How a picture gets into a frame of given size: crop (upright stored pixels), then scale, then bars.
struct Placement {
  int crop_x = 0;
  int crop_y = 0;
  Size crop;
  Size scaled;
  int pad_x = 0;
  int pad_y = 0;
};

// A frame that has the picture's shape up to rounding is filled. CONTAIN gives bars to a picture of another shape, as
// PAD does, so a change of shape in mid-stream cannot change the output's size.
Placement Place(const Picture& picture, Size frame, v1::Fit fit, Rounding rounding,
                v1::CropGravity gravity = v1::CROP_GRAVITY_CENTER);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_GEOMETRY_H_

// Sizes, pixels that are not square, and pictures that lie on their side.

#include "absl/strings/str_cat.h"
#include "tests/traps/trap.h"

namespace spool::testing {
namespace {

constexpr char kShape[] = "say v:0 stream=width,height,sample_aspect_ratio";
constexpr char kH264[] = "convert { video { codec: VIDEO_CODEC_H264 quality: 20 } }";

std::vector<Trap> Traps() {
  std::vector<Trap> traps = {
      {.name = "OddSidesOf444AreCutToEven",
       .make = "ff -f lavfi -i testsrc=s=161x91:r=20:d=0.5 -c:v libx264 -preset ultrafast -pix_fmt yuv444p $in",
       .task = kH264,
       .looks = {{kShape, "160,90,1:1"}, {"say v:0 stream=pix_fmt", "yuv420p"}, {"frames", "10"}}},
      {.name = "OddSidesOf420AreCutToEven",
       .make = "ff -f lavfi -i testsrc=s=161x91:r=20:d=0.5 -c:v ffv1 -pix_fmt yuv420p $in",
       .task = kH264,
       .looks = {{kShape, "160,90,1:1"}, {"psnr crop=160:90:0:0,format=yuv420p", AtLeast(35)}},
       .extension = "mkv"},
      {.name = "OddSidesThatWereAskedForBecomeEven",
       .make = "ff -f lavfi -i testsrc=s=161x91:r=20:d=0.5 -c:v ffv1 -pix_fmt yuv420p $in",
       .task = "resize { width: 81 height: 45 container: CONTAINER_MP4 }",
       .looks = {{kShape, "80,44,1:1"}},
       .extension = "mkv"},
      {.name = "TheOtherSideIsRoundedAndPixelsStaySquare",
       .make = "ff $picture $h264 $in",
       .task = "resize { width: 100 }",
       .looks = {{kShape, "100,56,1:1"}, {"frames", "20"}}},
      {.name = "PixelsBecomeSquare",
       .make = "ff -f lavfi -i testsrc2=s=180x144:r=20:d=0.5 -vf setsar=64/45 $h264 $in",
       .task = kH264,
       .looks = {{kShape, "256,144,1:1"}, {"psnr scale=256:144,setsar=1", AtLeast(25)}}},
      {.name = "TheContainersWordOnPixelsOutweighsTheVideos",
       .make = "ff -f lavfi -i testsrc2=s=128x72:r=20:d=0.5 -vf setsar=2 $h264 $dir/a.mp4; "
               "ff -i $dir/a.mp4 -c copy -aspect 16:9 $in",
       .task = "convert { container: CONTAINER_MKV }",
       .looks = {{kShape, "128,72,1:1"}, {"frames", "10"}}},
      {.name = "AFitCountsSquarePixels",
       .make = "ff -f lavfi -i testsrc2=s=180x144:r=20:d=0.5 -vf setsar=64/45 $h264 $in",
       .task = "resize { width: 128 height: 128 fit: FIT_CONTAIN }",
       .looks = {{kShape, "128,72,1:1"}}},
      {.name = "TheSmallestPictureThereIs",
       .make = "ff -f lavfi -i color=red:s=2x2:r=10:d=0.3 -c:v ffv1 $in",
       .task = kH264,
       .looks = {{kShape, "2,2,1:1"}, {"frames", "3"}},
       .extension = "mkv"},
      {.name = "TheSmallestPictureAsWebm",
       .make = "ff -f lavfi -i color=red:s=2x2:r=10:d=0.3 -c:v ffv1 $in",
       .task = "convert { container: CONTAINER_WEBM }",
       .looks = {{kShape, "2,2,1:1"}, {"frames", "3"}},
       .extension = "mkv"},
      {.name = "TheSizeStaysWhenTheInputsChanges",
       .make = "ff $picture $h264 -f mpegts $dir/a; "
               "ff -f lavfi -i testsrc2=s=64x64:r=20:d=1 $h264 -f mpegts -output_ts_offset 1 $dir/b; "
               "cat $dir/a $dir/b >$in",
       .task = "resize { width: 96 height: 54 container: CONTAINER_MP4 }",
       .looks = {{kShape, "96,54,1:1"}, {"frames", "40"}, {"duration", Near(2, 0.06)}},
       .extension = "ts"},
      {.name = "ThePixelFormatMayChangeToo",
       .make =
           "ff $picture $h264 -f mpegts $dir/a; ff $picture -c:v libx264 -preset ultrafast -pix_fmt yuv444p -f mpegts "
           "-output_ts_offset 1 $dir/b; cat $dir/a $dir/b >$in",
       .task = "convert { container: CONTAINER_MP4 video { codec: VIDEO_CODEC_H264 quality: 20 } }",
       .looks = {{"say v:0 stream=pix_fmt", "yuv420p"}, {"frames", "40"}},
       .extension = "ts"},
      {.name = "AMatrixStaysWhenNothingIsEncoded",
       .make = "ff -f lavfi -i \"$corners\" $h264 $dir/a.mp4; ff -i $dir/a.mp4 -c copy -metadata:s:v:0 rotate=90 $in",
       .task = "convert { container: CONTAINER_MOV }",
       .looks = {{"say v:0 stream=width,height:stream_side_data=rotation", "128,64,90"}}},
  };
  // As MP4's matrix and as EXIF's number, and what becomes of red and lime over blue and white.
  struct Turn {
    const char* name;
    const char* matrix;
    const char* exif;
    const char* size;
    const char* quarters;
  };
  const Turn turns[] = {
      {"Upright", "1 0 0 1", "1", "128,64", "rgbw"},
      {"Mirrored", "-1 0 0 1", "2", "128,64", "grwb"},
      {"TurnedByHalf", "-1 0 0 -1", "3", "128,64", "wbgr"},
      {"MirroredUpsideDown", "1 0 0 -1", "4", "128,64", "bwrg"},
      {"MirroredAndTurnedLeft", "0 1 1 0", "5", "64,128", "rbgw"},
      {"TurnedRight", "0 1 -1 0", "6", "64,128", "brwg"},
      {"MirroredAndTurnedRight", "0 -1 -1 0", "7", "64,128", "wgbr"},
      {"TurnedLeft", "0 -1 1 0", "8", "64,128", "gwrb"},
  };
  for (const Turn& turn : turns) {
    traps.push_back({.name = absl::StrCat(turn.name, "AsVideoStandsUpright"),
                     .make = absl::StrCat("ff -f lavfi -i \"$corners\" $h264 -qp 5 $in; matrix ", turn.matrix),
                     .task = kH264,
                     .looks = {{kShape, absl::StrCat(turn.size, ",1:1")},
                               {"quarters", turn.quarters},
                               {"say v:0 stream_side_data=rotation", ""}}});
    traps.push_back({.name = absl::StrCat(turn.name, "AsPhotoStandsUpright"),
                     .make = absl::StrCat("ff -f lavfi -i \"$corners\" -frames:v 1 -q:v 2 $dir/a.jpg; exif ", turn.exif,
                                          " $dir/a.jpg >$in"),
                     .task = "resize { width: 400 height: 400 fit: FIT_CONTAIN }",
                     .looks = {{"say v:0 stream=codec_name", "mjpeg"},
                               {"quarters", turn.quarters},
                               {"grep -c Exif $out || true", "0"}},
                     .warnings = ::testing::HasSubstr("enlarged"),
                     .extension = "jpg"});
  }
  return traps;
}

INSTANTIATE_TEST_SUITE_P(Geometry, TrapTest, ::testing::ValuesIn(Traps()), TrapTest::Name);

}  // namespace
}  // namespace spool::testing

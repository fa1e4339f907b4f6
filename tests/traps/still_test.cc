// Pictures that do not move, and those that do a little.

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tests/traps/trap.h"

namespace spool::testing {
namespace {

using ::testing::HasSubstr;

std::vector<Trap> Traps() {
  std::vector<Trap> traps = {
      {.name = "AMovingGifBecomesAVideo",
       .make = "ff -f lavfi -i testsrc2=s=81x61:r=10:d=1 $in",
       .task = "convert { container: CONTAINER_MP4 }",
       .looks = {{"say v:0 stream=width,height,pix_fmt", "80,60,yuv420p"},
                 {"drift", "10 frames, 0.000"},
                 {"duration", Near(1, 0.05)}},
       .extension = "gif"},
      {.name = "AMovingGifKeepsItsDelays",
       .make = "ff -f lavfi -i testsrc2=s=80x60:r=10:d=1 -vf \"setpts='if(lt(N,5),N*0.1,0.5+(N-5)*0.3)/TB'\" -vsync "
               "passthrough $in",
       .task = "convert { container: CONTAINER_MP4 }",
       .looks = {{"drift", "10 frames, 0.000"}, {"duration", Near(1.8, 0.31)}},
       .extension = "gif"},
      {.name = "AMovingGifStaysOne",
       .make = "ff -f lavfi -i testsrc2=s=80x60:r=10:d=1 $in",
       .task = "resize { width: 40 }",
       .looks = {{"say v:0 stream=codec_name,width,height", "gif,40,30"},
                 {"drift", "10 frames, 0.000"},
                 {"frames", "10"}},
       .extension = "gif"},
      {.name = "AMovingWebpCannotBeDecoded",
       .make = "ff -f lavfi -i testsrc2=s=64x48:r=10:d=0.5 -c:v libwebp_anim -loop 0 $in",
       .task = "resize { width: 32 }",
       .refused = av::Reason::kUnsupportedMedia,
       .extension = "webp"},
      {.name = "AMovingPngBecomesAVideo",
       .make = "ff -f lavfi -i testsrc2=s=80x60:r=10:d=0.5 -f apng $in",
       .task = "convert { container: CONTAINER_MP4 }",
       .looks = {{"frames", "5"}, {"duration", Near(0.5, 0.11)}},
       .extension = "png"},
      {.name = "AStillBecomesAVideoOfOneFrameWhenAsked",
       .make = "ff -f lavfi -i testsrc=s=33x21 -frames:v 1 $in",
       .task = "convert { container: CONTAINER_MP4 }",
       .looks = {{"say v:0 stream=codec_name,width,height,pix_fmt", "h264,32,20,yuv420p"}, {"frames", "1"}},
       .extension = "png"},
      {.name = "AVideoGivesItsFirstPicture",
       .make = "ff $picture $tone $h264 -c:a aac $in",
       .task = "convert { container: CONTAINER_PNG }",
       .looks = {{"say v:0 stream=codec_name,width,height", "png,128,72"}, {"frames", "1"}}},
      {.name = "AVideoGivesThePictureAtATime",
       .make = "ff -f lavfi -i \"color=red:s=64x64:r=10:d=1,drawbox=c=blue:t=fill:enable='gte(t,0.5)'\" $h264 $in",
       .task = "convert { container: CONTAINER_PNG trim { start { nanos: 600000000 } } }",
       .looks = {{"quarters", "bbbb"}}},
      {.name = "ALargePhotoIsShrunkWell",
       .make = "ff -f lavfi -i testsrc2=s=1600x1200 -frames:v 1 -q:v 2 -pix_fmt yuvj420p $in",
       .task = "resize { width: 160 }",
       .looks = {{"say v:0 stream=width,height", "160,120"},
                 {"psnr scale=160:120:flags=area,format=yuvj420p", AtLeast(27)}},
       .extension = "jpg"},
      {.name = "ANameMayLieAboutTheFormat",
       .make = "ff -f lavfi -i testsrc=s=33x21 -frames:v 1 -f image2 -c:v png $dir/a; mv $dir/a $in",
       .task = "resize { width: 20 }",
       .looks = {{"say v:0 stream=codec_name,width", "png,20"}},
       .extension = "jpg"},
  };
  for (const char* from : {"png", "jpg", "webp", "gif"}) {
    for (const char* to : {"JPEG", "PNG", "WEBP", "GIF"}) {
      traps.push_back(
          {.name = absl::StrCat("From", absl::AsciiStrToUpper(from), "To", to),
           .make = absl::StrCat("ff -f lavfi -i \"$corners\" -frames:v 1 ",
                                absl::string_view(from) == "jpg" ? "-q:v 2 " : "", "$in"),
           .task = absl::StrCat("resize { width: 33 height: 17 fit: FIT_STRETCH container: CONTAINER_", to, " }"),
           .looks = {{"say v:0 stream=width,height", "33,17"}, {"frames", "1"}, {"quarters", "rgbw"}},
           .extension = from});
    }
  }
  return traps;
}

INSTANTIATE_TEST_SUITE_P(Still, TrapTest, ::testing::ValuesIn(Traps()), TrapTest::Name);

}  // namespace
}  // namespace spool::testing

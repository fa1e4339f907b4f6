// HDR, ranges, matrices, formats that players refuse, and transparency.

#include "absl/strings/str_cat.h"
#include "tests/traps/trap.h"

namespace spool::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kH264[] = "convert { video { codec: VIDEO_CODEC_H264 quality: 15 } }";
constexpr char kFormat[] = "say v:0 stream=pix_fmt,color_range,color_space,color_transfer,color_primaries";
constexpr char kHevc[] =
    "-c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params "
    "log-level=none:hdr10=1:colorprim=bt2020:colormatrix=bt2020nc:"
    "master-display='G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)':max-cll=1000,400:transfer=";
constexpr char kLight[] =
    "ffprobe -v error -select_streams v:0 -read_intervals %+#1 -show_entries "
    "frame_side_data=max_luminance,max_content,max_average -of default=nk=1:nw=1 $out | xargs";

// White, grey and red beside each other, in HDR.
std::string Hdr(const std::string& transfer) {
  return absl::StrCat(
      "ff -f lavfi -i $three "
      "-vf format=yuv420p,zscale=tin=bt709:pin=bt709:min=bt709:rin=limited:npl=203:t=",
      transfer, ":p=bt2020:m=bt2020nc:r=limited,format=yuv420p10le ", kHevc, transfer, " $in");
}

// Three pixels from left to right as "r g b r g b r g b".
constexpr char kThree[] = "pixels 3x1 crop=176:32 | xargs";

// The numbers of kThree, each within a slack.
MATCHER_P2(Pixels, numbers, slack, "is about " + ::testing::PrintToString(numbers)) {
  std::vector<int> got;
  char* end = nullptr;
  for (const char* text = arg.c_str(); got.size() < numbers.size(); text = end) {
    got.push_back(static_cast<int>(strtol(text, &end, 10)));
    if (end == text) return false;
  }
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (std::abs(got[i] - numbers[i]) > slack) return false;
  }
  return true;
}

std::vector<Trap> Traps() {
  const std::vector<int> three = {255, 255, 255, 128, 128, 128, 255, 0, 0};
  const std::vector<int> white = {255, 255, 255};
  // Half transparent red on white.
  const std::vector<int> pink = {255, 127, 127};
  return {
      {.name = "Hdr10BecomesWhatEightBitsShow",
       .make = Hdr("smpte2084"),
       .task = kH264,
       .looks = {{kFormat, "yuv420p,tv,bt709,bt709,bt709"}, {kThree, Pixels(three, 70)}, {"frames", "3"}}},
      {.name = "HlgBecomesWhatEightBitsShow",
       .make = Hdr("arib-std-b67"),
       .task = kH264,
       .looks = {{kFormat, "yuv420p,tv,bt709,bt709,bt709"}, {kThree, Pixels(three, 70)}}},
      {.name = "Hdr10StaysHdr10InHevc",
       .make = Hdr("smpte2084"),
       .task = "resize { width: 96 }",
       .looks = {{kFormat, "yuv420p10le,tv,bt2020nc,smpte2084,bt2020"},
                 {kLight, AllOf(HasSubstr("1000"), HasSubstr("400"), HasSubstr("10000000/10000"))},
                 {"say v:0 stream=codec_tag_string", "hvc1"}}},
      {.name = "HlgStaysHlgInHevc",
       .make = Hdr("arib-std-b67"),
       .task = "resize { width: 96 }",
       .looks = {{kFormat, "yuv420p10le,tv,bt2020nc,arib-std-b67,bt2020"}}},
      {.name = "Hdr10StaysHdr10InAv1",
       .make = Hdr("smpte2084"),
       .task = "convert { video { codec: VIDEO_CODEC_AV1 preset: '12' } }",
       .looks = {{kFormat, "yuv420p10le,tv,bt2020nc,smpte2084,bt2020"}}},
      {.name = "Hdr10AsAStill",
       .make = Hdr("smpte2084"),
       .task = "convert { container: CONTAINER_PNG }",
       .looks = {{kThree, Pixels(three, 70)}}},
      {.name = "TenBitsBecomeEight",
       .make = "ff $picture -pix_fmt yuv420p10le -c:v libx264 -preset ultrafast -profile:v high10 $in",
       .task = kH264,
       .looks = {{"say v:0 stream=profile,pix_fmt", "High,yuv420p"}, {"psnr format=yuv420p", AtLeast(35)}}},
      {.name = "RgbBecomes420",
       .make = "ff $picture -c:v libx264rgb -preset ultrafast $in",
       .task = kH264,
       .looks = {{"say v:0 stream=pix_fmt,color_range,color_space", "yuv420p,tv,bt709"},
                 {"psnr scale=out_color_matrix=bt709:out_range=tv,format=yuv420p", AtLeast(28)}}},
      {.name = "FullRangeBecomesLimitedWithoutLosingWhite",
       .make = "ff -f lavfi -i "
               "color=white:s=192x64:r=10:d=0.3,drawbox=x=64:w=64:c=gray:t=fill,drawbox=x=128:w=64:c=red:t=fill "
               "-vf scale=out_range=pc:out_color_matrix=bt709,format=yuvj420p -c:v libx264 -color_range pc -colorspace "
               "bt709 "
               "-color_primaries bt709 -color_trc bt709 $in",
       .task = kH264,
       .looks = {{kFormat, "yuv420p,tv,bt709,bt709,bt709"}, {kThree, Pixels(three, 12)}}},
      {.name = "FullRangeStaysFullInAJpeg",
       .make = "ff -f lavfi -i color=white:s=192x64:r=10:d=0.3 -vf scale=out_range=pc,format=yuvj420p -c:v libx264 "
               "-color_range pc $in",
       .task = "convert { container: CONTAINER_JPEG }",
       .looks = {{"say v:0 stream=pix_fmt,color_range", "yuvj420p,pc"}, {"pixels 1x1 | xargs", Pixels(white, 3)}}},
      {.name = "LimitedRangeIsStretchedForAJpeg",
       .make = "ff -f lavfi -i color=white:s=192x64:r=10:d=0.3 $h264 $in",
       .task = "resize { width: 96 container: CONTAINER_JPEG }",
       .looks = {{"pixels 1x1 | xargs", Pixels(white, 3)}}},
      {.name = "TagsOfOldTelevisionStay",
       .make = "ff -f lavfi -i testsrc2=s=180x144:r=25:d=0.4 $h264 -colorspace bt470bg -color_primaries bt470bg "
               "-color_trc gamma28 $in",
       .task = "resize { width: 90 }",
       .looks = {{kFormat, "yuv420p,tv,bt470bg,bt470bg,bt470bg"}}},
      {.name = "ColoursStayWhenNothingIsTagged",
       .make = "ff -f lavfi -i "
               "color=white:s=192x64:r=10:d=0.3,drawbox=x=64:w=64:c=gray:t=fill,drawbox=x=128:w=64:c=red:t=fill "
               "$h264 $in",
       .task = "resize { width: 96 }",
       .looks = {{"pixels 3x1 crop=88:16 | xargs", Pixels(three, 12)}}},
      {.name = "ATransparentPictureIsPutOnWhite",
       .make = "ff -f lavfi -i color=red@0.5:s=100x100:d=0.1,format=rgba -frames:v 1 $in",
       .task = "convert { container: CONTAINER_JPEG }",
       .looks = {{"pixels 1x1 | xargs", Pixels(pink, 6)}},
       .extension = "png"},
      {.name = "ATransparentPictureStaysTransparentAsPng",
       .make = "ff -f lavfi -i color=red@0.5:s=100x100:d=0.1,format=rgba -frames:v 1 $in",
       .task = "resize { width: 50 }",
       .looks = {{"say v:0 stream=pix_fmt", "rgba"},
                 {"ff -i $out -vf alphaextract,scale=1:1 -f rawvideo - | od -An -tu1", Near(127, 3)}},
       .extension = "png"},
      {.name = "ATransparentVideoIsPutOnWhite",
       .make = "ff -f lavfi -i color=red@0.5:s=96x96:d=0.3,format=yuva420p -c:v libvpx-vp9 -cpu-used 8 -pix_fmt "
               "yuva420p $in",
       .task = "convert { container: CONTAINER_MP4 }",
       .looks = {{"say v:0 stream=pix_fmt", "yuv420p"}, {"pixels 1x1 | xargs", Pixels(pink, 12)}},
       .extension = "webm"},
      {.name = "ATransparentVideoStaysTransparentAsWebm",
       .make = "ff -f lavfi -i color=red@0.5:s=96x96:d=0.3,format=yuva420p -c:v libvpx-vp9 -cpu-used 8 -pix_fmt "
               "yuva420p $in",
       .task = "resize { width: 64 }",
       .looks = {{"say v:0 stream_tags=alpha_mode", "1"}},
       .extension = "webm"},
      {.name = "ATransparentPaletteIsPutOnWhite",
       .make = "ff -f lavfi -i color=red@0:s=100x100:d=0.1,format=rgba -vf "
               "\"split[a][b];[a]palettegen[p];[b][p]paletteuse\" "
               "-frames:v 1 $in",
       .task = "convert { container: CONTAINER_JPEG }",
       .looks = {{"pixels 1x1 | xargs", Pixels(white, 6)}},
       .extension = "gif"},
      {.name = "SixteenBitsOfGreyBecomeVideo",
       .make = "ff -f lavfi -i color=white:s=64x64 -vf format=gray16be -frames:v 1 $in",
       .task = "convert { container: CONTAINER_MP4 }",
       .looks = {{"say v:0 stream=pix_fmt", "yuv420p"}, {"pixels 1x1 | xargs", Pixels(white, 4)}},
       .extension = "png"},
  };
}

INSTANTIATE_TEST_SUITE_P(Colour, TrapTest, ::testing::ValuesIn(Traps()), TrapTest::Name);

}  // namespace
}  // namespace spool::testing

// Files that are cut short, hit, empty, or not what they say; and files that only point at others.

#include "absl/strings/str_cat.h"
#include "tests/traps/trap.h"

namespace spool::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kLong[] = "ff -f lavfi -i testsrc2=s=128x72:r=20:d=6 -f lavfi -i sine=d=6 $h264 -g 10 -c:a aac ";
constexpr char kH264[] = "convert { container: CONTAINER_MP4 video { codec: VIDEO_CODEC_H264 quality: 30 } }";
constexpr char kHalf[] = "head -c $(($(stat -c %s $dir/a) / 2)) $dir/a >$in";
constexpr char kFlips[] =
    "-movflags +faststart $in; for at in 40000 60000 80000 100000; do printf '\\377\\0\\377\\0' | "
    "dd of=$in bs=1 seek=$at conv=notrunc status=none; done";
// What spoold gives its workers.
constexpr media::RunLimits kLimits = {.max_pixels = 64000000, .max_streams = 64, .max_alloc_bytes = 512 << 20};

Trap Text(const char* name, const char* extension, const char* text, av::Reason reason) {
  return {.name = name,
          .make = absl::StrCat("printf '", text, "' >$in"),
          .task = "resize { width: 64 }",
          .refused = reason,
          .limits = kLimits,
          .extension = extension};
}

std::vector<Trap> Traps() {
  return {
      {.name = "AStreamThatStartsWithoutAKeyFrame",
       .make = absl::StrCat(kLong, "-f mpegts $dir/a; tail -c +40001 $dir/a >$in"),
       .task = kH264,
       .looks = {{"frames", AllOf(AtLeast(60), AtMost(119))}, {"begin v:0", AtMost(1)}},
       .extension = "ts"},
      {.name = "AStreamThatNeverHasAKeyFrame",
       .make = "ff $picture -c:v libx264 -g 1000 -pix_fmt yuv420p -f mpegts $dir/a; tail -c +9401 $dir/a >$in",
       .task = kH264,
       .refused = av::Reason::kInvalidMedia,
       .extension = "ts"},
      {.name = "AnMp4WithoutItsIndex",
       .make = absl::StrCat(kLong, "-f mp4 $dir/a; ", kHalf),
       .task = kH264,
       .refused = av::Reason::kInvalidMedia},
      {.name = "AnMp4CutInHalf",
       .make = absl::StrCat(kLong, "-movflags +faststart -f mp4 $dir/a; ", kHalf),
       .task = kH264,
       .looks = {{"frames", AllOf(AtLeast(40), AtMost(80))}},
       .warnings = HasSubstr("could be read")},
      {.name = "AnMp4CutInHalfAndOnlyCopied",
       .make = absl::StrCat(kLong, "-movflags +faststart -f mp4 $dir/a; ", kHalf),
       .task = "convert { container: CONTAINER_MKV }",
       .looks = {{"frames", AllOf(AtLeast(40), AtMost(80))}},
       .warnings = HasSubstr("could be read")},
      {.name = "AMkvCutInHalf",
       .make = absl::StrCat(kLong, "-f matroska $dir/a; ", kHalf),
       .task = kH264,
       .looks = {{"frames", AllOf(AtLeast(40), AtMost(80))}},
       .warnings = HasSubstr("could be read"),
       .extension = "mkv"},
      {.name = "ATransportStreamCutInHalf",
       .make = absl::StrCat(kLong, "-f mpegts $dir/a; ", kHalf),
       .task = kH264,
       .looks = {{"frames", AllOf(AtLeast(40), AtMost(80))}},
       .warnings = ::testing::_,
       .extension = "ts"},
      {.name = "AJpegCutInHalf",
       .make =
           "ff -f lavfi -i testsrc2=s=320x240 -frames:v 1 -q:v 2 -f image2 -c:v mjpeg $dir/a; " + std::string(kHalf),
       .task = "resize { width: 160 }",
       .looks = {{"say v:0 stream=width,height", "160,120"}},
       .warnings = HasSubstr("damaged"),
       .extension = "jpg"},
      {.name = "APngCutInHalf",
       .make = "ff -f lavfi -i testsrc2=s=320x240 -frames:v 1 -f image2 -c:v png $dir/a; " + std::string(kHalf),
       .task = "resize { width: 160 }",
       .refused = av::Reason::kInvalidMedia,
       .extension = "png"},
      {.name = "BitsThatFlipped",
       .make = absl::StrCat(kLong, kFlips),
       .task = kH264,
       .looks = {{"frames", AllOf(AtLeast(110), AtMost(120))}, {"duration", Near(6, 0.3)}},
       .warnings = HasSubstr("is damaged in")},
      {.name = "BitsThatFlippedMayNotBeCopied",
       .make = absl::StrCat(kLong, kFlips),
       .task = "convert { container: CONTAINER_MKV on_damage: ON_DAMAGE_FAIL }",
       .refused = av::Reason::kInvalidMedia},
      {.name = "WhatIsWholeMayBeCopied",
       .make = absl::StrCat(kLong, "$in"),
       .task = "convert { container: CONTAINER_MKV on_damage: ON_DAMAGE_FAIL }",
       .looks = {{"frames", "120"}, {"duration", Near(6, 0.1)}}},
      // Copied, the part that is missing would be grey for ever, and every player would complain.
      {.name = "AJpegCutInHalfIsNotCopied",
       .make =
           "ff -f lavfi -i testsrc2=s=320x240 -frames:v 1 -q:v 2 -f image2 -c:v mjpeg $dir/a; " + std::string(kHalf),
       .task = "convert { container: CONTAINER_MKV }",
       .looks = {{"ffprobe -v error -count_frames -show_entries stream=codec_name,nb_read_frames -of csv=p=0 $out",
                  "h264,1"}},
       .warnings = HasSubstr("damaged"),
       .extension = "jpg"},
      {.name = "ASoundThatEndsWithinAFrame",
       .make = "ff -f lavfi -i sine=440:r=48000:d=1 -c:a eac3 -f eac3 $dir/a; head -c -100 $dir/a >$in",
       .task = "convert { container: CONTAINER_MKV }",
       .looks = {{"ffmpeg -v error -i $out -f null - 2>&1", ""}, {"say a:0 stream=codec_name", "eac3"}},
       .extension = "eac3"},
      {.name = "NothingAtAll", .make = ": >$in", .task = kH264, .refused = av::Reason::kInvalidMedia},
      {.name = "Noise",
       .make = "ff -f lavfi -i nullsrc=s=64x64,geq=random\\(1\\)*255:128:128 -frames:v 1 -f rawvideo $in",
       .task = kH264,
       .refused = av::Reason::kInvalidMedia},
      {.name = "APngThatSaysItIsImmense",
       .make = ("png '\\0\\0\\375\\350' '\\0\\0\\375\\350' >$in"),
       .task = "resize { width: 64 }",
       .refused = av::Reason::kLimitExceeded,
       .limits = kLimits,
       .extension = "png"},
      {.name = "APngOf12000By12000",
       .make = "{ printf 'P4 12000 12000\\n'; head -c 18000000 /dev/zero; } >$dir/a.pbm; ff -i $dir/a.pbm $in",
       .task = "resize { width: 64 }",
       .refused = av::Reason::kLimitExceeded,
       .limits = kLimits,
       .extension = "png"},
      {.name = "APngOf16000By16000",
       .make = "{ printf 'P4 16000 16000\\n'; head -c 32000000 /dev/zero; } >$dir/a.pbm; ff -i $dir/a.pbm $in",
       .task = "convert { container: CONTAINER_PNG }",
       .refused = av::Reason::kLimitExceeded,
       .limits = kLimits,
       .extension = "png"},
      {.name = "APngThatHoldsLessThanItSays",
       .make = ("png '\\0\\0\\1\\0' '\\0\\0\\1\\0' >$in"),
       .task = "resize { width: 64 }",
       .refused = av::Reason::kInvalidMedia,
       .limits = kLimits,
       .extension = "png"},
      Text("APlaylist", "mp4",
           "#EXTM3U\\n#EXT-X-TARGETDURATION:1\\n#EXTINF:1,\\nfile:///etc/passwd\\n#EXT-X-ENDLIST\\n",
           av::Reason::kUnsupportedMedia),
      Text("APlaylistByItsName", "m3u8",
           "#EXTM3U\\n#EXT-X-TARGETDURATION:1\\n#EXTINF:1,\\nhttp://127.0.0.1:1/a.ts\\n#EXT-X-ENDLIST\\n",
           av::Reason::kUnsupportedMedia),
      Text("AListToConcatenate", "mp4", "ffconcat version 1.0\\nfile /etc/passwd\\n", av::Reason::kUnsupportedMedia),
      Text("AManifestOfDash", "mp4",
           "<?xml version=\"1.0\"?>\\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" "
           "profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\">"
           "<Period><AdaptationSet><Representation id=\"1\"><BaseURL>/etc/passwd</BaseURL></Representation>"
           "</AdaptationSet></Period></MPD>\\n",
           av::Reason::kUnsupportedMedia),
      Text("ASessionDescription", "sdp",
           "v=0\\no=- 0 0 IN IP4 127.0.0.1\\ns=x\\nc=IN IP4 127.0.0.1\\nt=0 0\\nm=video 5004 RTP/AVP 96\\n"
           "a=rtpmap:96 H264/90000\\n",
           av::Reason::kUnsupportedMedia),
      Text("ASessionDescriptionByAnotherName", "mp4",
           "v=0\\no=- 0 0 IN IP4 127.0.0.1\\ns=x\\nc=IN IP4 127.0.0.1\\nt=0 0\\nm=video 5004 RTP/AVP 96\\n"
           "a=rtpmap:96 H264/90000\\n",
           av::Reason::kUnsupportedMedia),
      Text("ADrawing", "svg",
           "<?xml version=\"1.0\"?>\\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
           "xmlns:xlink=\"http://www.w3.org/1999/xlink\"><image xlink:href=\"file:///etc/passwd\"/></svg>\\n",
           av::Reason::kUnsupportedMedia),
      Text("ADrawingByAnotherName", "png",
           "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">"
           "<image xlink:href=\"http://127.0.0.1:1/\"/></svg>\\n",
           av::Reason::kInvalidMedia),
      Text("ARedirectOfQuickTime", "mov", "RTSPtextrtsp://127.0.0.1:1/a\\n", av::Reason::kInvalidMedia),
      Text("AReferenceOfWindowsMedia", "asf", "[Reference]\\nRef1=http://127.0.0.1:1/a\\n",
           av::Reason::kUnsupportedMedia),
      Text("ANameThatIsAPattern", "jpg", "img%%03d.jpg\\n", av::Reason::kInvalidMedia),
      Text("AFileOfPasswords", "mp4", "root:x:0:0:root:/root:/bin/sh\\n", av::Reason::kInvalidMedia),
      Text("AnAddress", "mp4", "concat:/etc/passwd|/etc/group\\n", av::Reason::kInvalidMedia),
      Text("AScript", "avs", "FFmpegSource2(\"/etc/passwd\")\\n", av::Reason::kInvalidMedia),
      Text("ASubtitleFileAlone", "srt", "1\\n00:00:00,100 --> 00:00:01,000\\nhello\\n", av::Reason::kUnsupportedMedia),
  };
}

INSTANTIATE_TEST_SUITE_P(Damage, TrapTest, ::testing::ValuesIn(Traps()), TrapTest::Name);

}  // namespace
}  // namespace spool::testing

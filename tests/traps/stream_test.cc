// More streams than one of each: what is kept, with its name, and what is dropped, with a word.

#include "absl/strings/str_cat.h"
#include "tests/traps/trap.h"

namespace spool::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kMulti[] =
    "printf '1\\n00:00:00,100 --> 00:00:00,900\\nhello\\n' >$dir/s.srt; "
    "printf ';FFMETADATA1\\ntitle=My Title\\n[CHAPTER]\\nTIMEBASE=1/1000\\nSTART=0\\nEND=500\\ntitle=one\\n"
    "[CHAPTER]\\nTIMEBASE=1/1000\\nSTART=500\\nEND=1000\\ntitle=two\\n' >$dir/m.txt; "
    "ff $picture $tone -f lavfi -i sine=880:r=48000:d=1 -i $dir/s.srt -i $dir/m.txt -map 0 -map 1 -map 2 -map 3 "
    "-map_metadata 4 -map_chapters 4 $h264 -c:a aac -c:s srt -metadata:s:a:0 language=eng -metadata:s:a:1 language=fra "
    "-metadata:s:s:0 language=spa -disposition:a:1 default $in";
constexpr char kAll[] =
    "ffprobe -v error -show_entries stream=codec_name:stream_tags=language -of csv=p=0 $out | xargs";
constexpr char kChapters[] =
    "ffprobe -v error -show_entries chapter=start_time,end_time:chapter_tags=title -of csv=p=0 $out | xargs";
constexpr char kTitle[] = "ffprobe -v error -show_entries format_tags=title -of csv=p=0 $out";
constexpr char kArt[] = "ff -f lavfi -i testsrc=s=64x64 -frames:v 1 $dir/art.png; ";
// A bitmap subtitle stream of one empty picture.
constexpr char kBitmaps[] =
    "{ printf 'PG\\0\\1\\0\\0\\0\\0\\0\\0\\026\\0\\013\\0\\200\\0\\110\\020\\0\\0\\200\\0\\0\\0'; "
    "printf 'PG\\0\\1\\0\\0\\0\\0\\0\\0\\200\\0\\0'; } >$dir/s.sup; ";

Trap Multi(const char* name, const char* container, const char* streams) {
  return {.name = name,
          .make = kMulti,
          .task = absl::StrCat("convert { container: CONTAINER_", container, " }"),
          .looks = {{kAll, streams},
                    {kChapters, "0.000000,0.500000,one 0.500000,1.000000,two"},
                    {kTitle, "My Title"},
                    {"say a:1 stream_disposition=default", "1"},
                    {"frames", "20"}},
          .extension = "mkv"};
}

std::vector<Trap> Traps() {
  return {
      Multi("EverythingGoesIntoAnMp4", "MP4", "h264,und aac,eng aac,fra mov_text,spa bin_data,eng"),
      Multi("EverythingGoesIntoAWebm", "WEBM", "vp9 opus,eng opus,fra webvtt,spa"),
      Multi("EverythingGoesIntoAMkv", "MKV", "h264 aac,eng aac,fra subrip,spa"),
      Multi("EverythingGoesIntoAMov", "MOV", "h264 aac,eng aac,fra mov_text,spa bin_data,eng"),
      {.name = "SubtitlesKeepTheirTime",
       .make = kMulti,
       .task = "convert { container: CONTAINER_WEBM }",
       .looks = {{"echo $(say s:0 packet=pts_time) $(begin v:0) | awk '{ print $1 - $2 }'", Near(0.1, 0.011)},
                 {"ff -i $out -map 0:s:0 -f srt - | sed -n 3p", "hello"}},
       .extension = "mkv"},
      {.name = "SubtitlesOfPicturesAreDroppedWithAWord",
       .make = absl::StrCat(kBitmaps, "ff $picture -i $dir/s.sup -map 0 -map 1 $h264 -c:s copy $in"),
       .task = "convert { container: CONTAINER_MP4 }",
       .looks = {{kAll, HasSubstr("h264")}, {"frames", "20"}},
       .warnings = HasSubstr("hdmv_pgs_subtitle) was dropped"),
       .extension = "mkv"},
      {.name = "SubtitlesOfPicturesStayInAMkv",
       .make = absl::StrCat(kBitmaps, "ff $picture -i $dir/s.sup -map 0 -map 1 $h264 -c:s copy $in"),
       .task = "resize { width: 64 }",
       .looks = {{"ffprobe -v error -show_entries stream=codec_name -of csv=p=0 $out | xargs",
                  "h264 hdmv_pgs_subtitle"}},
       .extension = "mkv"},
      {.name = "TheCoverOfASongIsNoVideo",
       .make = absl::StrCat(kArt,
                            "ff $tone -i $dir/art.png -map 0 -map 1 -c:a libmp3lame -c:v copy "
                            "-disposition:v:0 attached_pic -id3v2_version 3 $in"),
       .task = "convert { container: CONTAINER_MP4 }",
       .looks = {{"ffprobe -v error -show_entries stream=codec_name:stream_disposition=attached_pic -of csv=p=0 $out | "
                  "xargs",
                  "mp3,0 png,1"},
                 {"duration", Near(1, 0.06)}},
       .extension = "mp3"},
      // The header of such a file does not tell the cover's size.
      {.name = "TheCoverOfASongInMp4",
       .make = absl::StrCat(kArt,
                            "ff $tone -i $dir/art.png -map 0 -map 1 -c:a aac -c:v mjpeg -disposition:v:0 attached_pic "
                            "$in"),
       .task = "convert { container: CONTAINER_MP4 }",
       .looks = {{"ffprobe -v error -show_entries stream=codec_name,width:stream_disposition=attached_pic -of csv=p=0 "
                  "$out | xargs",
                  "aac,0 mjpeg,64,1"}},
       .extension = "m4a"},
      {.name = "TheCoverOfASongCannotBeResized",
       .make = absl::StrCat(kArt,
                            "ff $tone -i $dir/art.png -map 0 -map 1 -c:a libmp3lame -c:v copy "
                            "-disposition:v:0 attached_pic -id3v2_version 3 $in"),
       .task = "resize { width: 32 }",
       .refused = av::Reason::kInvalidSpec,
       .extension = "mp3"},
      {.name = "TheCoverOfAVideoIsNotItsPicture",
       .make = absl::StrCat(kArt,
                            "ff -i $dir/art.png $picture $tone -map 1 -map 2 -map 0 $h264 -c:a aac -c:v:1 png "
                            "-disposition:v:1 attached_pic $in"),
       .task = "resize { width: 64 }",
       .looks = {{"say v:0 stream=codec_name,width,height", "h264,64,36"},
                 {"say v:1 stream=codec_name:stream_disposition=attached_pic", "png,1"},
                 {"frames", "20"}}},
      {.name = "SoundAlone",
       .make = "ff $tone -c:a aac $in",
       .task = "convert { container: CONTAINER_WEBM }",
       .looks = {{kAll, "opus"}, {"duration", Near(1, 0.03)}},
       .extension = "m4a"},
      {.name = "SoundAloneHasNoSize",
       .make = "ff $tone -c:a aac $in",
       .task = "resize { width: 64 }",
       .refused = av::Reason::kInvalidSpec,
       .extension = "m4a"},
      {.name = "SoundAloneIsNoPicture",
       .make = "ff $tone -c:a aac $in",
       .task = "convert { container: CONTAINER_JPEG }",
       .refused = av::Reason::kInvalidSpec,
       .extension = "m4a"},
      {.name = "APictureAlone",
       .make = "ff $picture $h264 $in",
       .task = "convert { container: CONTAINER_WEBM }",
       .looks = {{kAll, "vp9"}, {"duration", Near(1, 0.03)}}},
      {.name = "SixChannelsAt96KilohertzAsOpus",
       .make = "ff $picture -f lavfi -i \"aevalsrc='sin(440*2*PI*t)|0|0|0|0|0':c=5.1:s=96000:d=1\" $h264 -c:a flac $in",
       .task = "convert { container: CONTAINER_WEBM }",
       .looks = {{"say a:0 stream=codec_name,sample_rate,channels,channel_layout", "opus,48000,6,5.1"},
                 // The tone is still in the left channel, and there alone.
                 {"loudness FL", AtLeast(-9)},
                 {"loudness FR", AtMost(-30)}},
       .extension = "mkv"},
      {.name = "SixChannelsAt96KilohertzAsAac",
       .make = "ff $picture -f lavfi -i \"aevalsrc='sin(440*2*PI*t)|0|0|0|0|0':c=5.1:s=96000:d=1\" $h264 -c:a flac $in",
       .task = "convert { container: CONTAINER_MP4 }",
       .looks = {{"say a:0 stream=codec_name,sample_rate,channels,channel_layout", "aac,96000,6,5.1"}},
       .extension = "mkv"},
      {.name = "EightKilohertzOfUnsignedBytes",
       .make = "ff $picture -f lavfi -i sine=440:r=8000:d=1 $h264 -c:a pcm_u8 $in",
       .task = "convert { container: CONTAINER_MP4 }",
       .looks = {{"say a:0 stream=codec_name,sample_rate,channels", "aac,8000,1"}, {"late", Near(0, 0.02)}},
       .extension = "mov"},
      {.name = "EightKilohertzOfUnsignedBytesAsOpus",
       .make = "ff $picture -f lavfi -i sine=440:r=8000:d=1 $h264 -c:a pcm_u8 $in",
       .task = "convert { container: CONTAINER_WEBM }",
       .looks = {{"say a:0 stream=codec_name,sample_rate,channels", "opus,48000,1"}},
       .extension = "mov"},
      {.name = "AnMp3OfLowRateIsEncodedForMp4",
       .make = "ff -f lavfi -i sine=440:r=8000:d=1 -c:a libmp3lame $in",
       .task = "convert { container: CONTAINER_MP4 }",
       .looks = {{"say a:0 stream=codec_name,sample_rate", "aac,8000"}, {"duration", Near(1, 0.15)}},
       .extension = "mp3"},
      {.name = "EncryptedStreamsAreNotCopied",
       .make = "ff $picture $h264 -encryption_scheme cenc-aes-ctr -encryption_key 00112233445566778899aabbccddeeff "
               "-encryption_kid 00112233445566778899aabbccddeeff $in",
       .task = "convert { container: CONTAINER_MKV }",
       .refused = av::Reason::kUnsupportedMedia},
      {.name = "EncryptedStreamsAreNotDecoded",
       .make = "ff $picture $h264 -encryption_scheme cenc-aes-ctr -encryption_key 00112233445566778899aabbccddeeff "
               "-encryption_kid 00112233445566778899aabbccddeeff $in",
       .task = "resize { width: 64 }",
       .refused = av::Reason::kUnsupportedMedia},
      {.name = "OddRatesAreRaisedToTheNext",
       .make = "ff -f lavfi -i sine=440:r=37800:d=1 -c:a pcm_s16le $in",
       .task = "convert { container: CONTAINER_MP4 }",
       .looks = {{"say a:0 stream=codec_name,sample_rate", "aac,44100"}, {"duration", Near(1, 0.05)}},
       .extension = "wav"},
      {.name = "TenSoundsBecomeEightWithAWord",
       .make = "ff $picture $tone -map 0 -map 1 -map 1 -map 1 -map 1 -map 1 -map 1 -map 1 -map 1 -map 1 -map 1 $h264 "
               "-c:a aac $in",
       .task = "convert { container: CONTAINER_MP4 }",
       .looks = {{"say a stream=index | wc -l", "8"}},
       .warnings = HasSubstr("at most 8 audio streams"),
       .extension = "mkv"},
      {.name = "TwoPicturesBecomeOneWithAWord",
       .make = "ff $picture -f lavfi -i testsrc2=s=64x36:r=20:d=1 -map 0 -map 1 $h264 $in",
       .task = "convert { container: CONTAINER_MP4 }",
       .looks = {{"say v stream=width,height", "128,72"}},
       .warnings = HasSubstr("one video stream"),
       .extension = "mkv"},
  };
}

INSTANTIATE_TEST_SUITE_P(Stream, TrapTest, ::testing::ValuesIn(Traps()), TrapTest::Name);

}  // namespace
}  // namespace spool::testing

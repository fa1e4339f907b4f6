// Whole runs on small inputs that the ffmpeg program makes: what comes out, not how.

#include "server/media/run.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/av/failure.h"
#include "server/av/handles.h"
#include "server/av/input.h"
#include "server/base/proto_time.h"
#include "server/base/status_matchers.h"
#include "server/base/unique_fd.h"

// Read by the leak checker of a sanitizer build. x265 3.5 does not free its parameter strings.
extern "C" const char* __lsan_default_suppressions() { return "leak:libx265"; }

namespace spool::media {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kPicture[] = "-f lavfi -i testsrc2=s=128x72:r=20:d=1";
constexpr char kTone[] = "-f lavfi -i sine=440:r=48000:d=1";
constexpr char kH264[] = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";

std::string Temp(const std::string& name) { return absl::StrCat(getenv("TEST_TMPDIR"), "/", name); }

// Makes `name` with the arguments' last one left out.
std::string Make(const std::string& name, const std::string& arguments) {
  const std::string path = Temp(name);
  EXPECT_EQ(system(absl::StrCat("ffmpeg -nostdin -v error -y ", arguments, " ", path).c_str()), 0) << arguments;
  return path;
}

std::string SampleVideo() { return Make("sample.mp4", absl::StrCat(kPicture, " ", kTone, " ", kH264, " -c:a aac")); }

Task TaskOf(const std::string& text) {
  Task task;
  v1::Job job;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &job)) << text;
  if (job.has_convert()) task.spec = job.convert();
  if (job.has_resize()) task.spec = job.resize();
  if (job.has_thumbnail()) task.spec = job.thumbnail();
  if (job.has_sprite_sheet()) task.spec = job.sprite_sheet();
  if (job.has_preview()) task.spec = job.preview();
  return task;
}

class RunTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::JobResult> Run(const std::string& input, const std::string& task, const RunOptions& options = {}) {
    UniqueFd in(open(input.c_str(), O_RDONLY | O_CLOEXEC));
    UniqueFd out(open(Output().c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    return RunTask(
        TaskOf(task), options, in.get(), out.get(), [] { return absl::ZeroDuration(); }, [](const v1::JobProgress&) {});
  }
  v1::JobResult Done(const std::string& input, const std::string& task) {
    absl::StatusOr<v1::JobResult> result = Run(input, task);
    EXPECT_OK(result) << task;
    return result.ok() ? *std::move(result) : v1::JobResult();
  }
  static std::string Output() { return Temp("output"); }
};

v1::MediaInfo Probe(const std::string& path) {
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  absl::StatusOr<v1::MediaInfo> info = ProbeFile(file.get(), {});
  EXPECT_OK(info) << path;
  return info.ok() ? *std::move(info) : v1::MediaInfo();
}

// Presentation times of one kind of packet in milliseconds, in order of presentation.
std::vector<int64_t> Times(const std::string& path, AVMediaType type) {
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  auto input = av::Input::Open(file.get(), {});
  EXPECT_OK(input);
  if (!input.ok()) return {};
  std::vector<int64_t> times;
  const av::PacketPtr packet(av_packet_alloc());
  while (av_read_frame((*input)->context(), packet.get()) >= 0) {
    const AVStream& stream = *(*input)->context()->streams[packet->stream_index];
    if (stream.codecpar->codec_type == type) {
      times.push_back(std::lround(av_q2d(stream.time_base) * 1000 * static_cast<double>(packet->pts)));
    }
    av_packet_unref(packet.get());
  }
  std::sort(times.begin(), times.end());
  return times;
}

// Mean brightness of the picture's middle, 0 to 255, by way of a program that is not under test.
int Brightness(const std::string& path) {
  const std::string raw = Temp("raw");
  EXPECT_EQ(system(absl::StrCat("ffmpeg -nostdin -v error -y -i ", path,
                                " -frames:v 1 -vf crop=iw/2:ih/2,scale=1:1:flags=area,format=gray -f rawvideo ", raw)
                       .c_str()),
            0);
  UniqueFd file(open(raw.c_str(), O_RDONLY));
  unsigned char value = 0;
  EXPECT_EQ(read(file.get(), &value, 1), 1);
  return value;
}

TEST_F(RunTest, ResizesThePictureAndCopiesTheSound) {
  const v1::JobResult result = Done(SampleVideo(), "resize { width: 64 height: 64 }");
  EXPECT_EQ(result.width(), 64);
  EXPECT_EQ(result.height(), 64);
  EXPECT_EQ(result.frames(), 20);
  EXPECT_EQ(result.container(), v1::CONTAINER_MP4);
  EXPECT_NEAR(absl::ToDoubleSeconds(FromProto(result.duration())), 1, 0.05);
  EXPECT_EQ(result.streams(0).action(), v1::STREAM_ACTION_ENCODED);
  EXPECT_EQ(result.streams(1).action(), v1::STREAM_ACTION_COPIED);
  EXPECT_THAT(result.warnings(), IsEmpty());
}

TEST_F(RunTest, PutsTheIndexOfAnMp4First) {
  Done(SampleVideo(), "resize { width: 64 }");
  UniqueFd file(open(Output().c_str(), O_RDONLY));
  std::string head(4096, '\0');
  ASSERT_GT(read(file.get(), head.data(), head.size()), 0);
  EXPECT_NE(head.find("moov"), std::string::npos);
}

TEST_F(RunTest, GivesTheSameBytesEachTime) {
  const std::string input = SampleVideo();
  Done(input, "resize { width: 64 }");
  ASSERT_EQ(rename(Output().c_str(), Temp("first").c_str()), 0);
  Done(input, "resize { width: 64 }");
  EXPECT_EQ(system(absl::StrCat("cmp ", Output(), " ", Temp("first")).c_str()), 0);
}

TEST_F(RunTest, RemuxesWhenNothingNeedsEncoding) {
  const std::string input = SampleVideo();
  const v1::JobResult result = Done(input, "convert { container: CONTAINER_MKV }");
  for (const v1::StreamOutcome& stream : result.streams()) EXPECT_EQ(stream.action(), v1::STREAM_ACTION_COPIED);
  EXPECT_EQ(result.frames(), 20);
  // Matroska has no times before zero, so the sound's priming moves everything by as much.
  const std::vector<int64_t> expected = Times(input, AVMEDIA_TYPE_VIDEO);
  const std::vector<int64_t> actual = Times(Output(), AVMEDIA_TYPE_VIDEO);
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_EQ(actual[i] - actual[0], expected[i] - expected[0]);
}

TEST_F(RunTest, KeepsTheTimestampsOfVariableFrameRate) {
  // Ten of thirty frames left out, and a gap of half a minute: players show the last picture, nobody fills it.
  const std::string input =
      Make("vfr.mp4", absl::StrCat(kPicture,
                                   " -vf \"select='not(between(n,5,9))',setpts='PTS+gte(N,10)*30/TB'\" "
                                   "-vsync passthrough ",
                                   kH264, " -bf 0"));
  for (const char* task :
       {"resize { width: 64 }", "convert { container: CONTAINER_MKV video { codec: VIDEO_CODEC_VP9 } }",
        "convert { container: CONTAINER_MKV }"}) {
    const v1::JobResult result = Done(input, task);
    EXPECT_EQ(result.frames(), 15) << task;
    const std::vector<int64_t> expected = Times(input, AVMEDIA_TYPE_VIDEO);
    const std::vector<int64_t> actual = Times(Output(), AVMEDIA_TYPE_VIDEO);
    ASSERT_EQ(actual.size(), expected.size()) << task;
    for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i] - actual[0], expected[i] - expected[0], 1) << task;
  }
}

TEST_F(RunTest, KeepsSoundAndPictureInTheirPlaces) {
  const std::string input =
      Make("late.mp4", absl::StrCat(kPicture, " -itsoffset 0.7 ", kTone, " ", kH264, " -c:a aac"));
  for (const char* task :
       {"resize { width: 64 }", "convert { container: CONTAINER_WEBM }",
        "convert { container: CONTAINER_MKV audio { codec: AUDIO_CODEC_AAC bitrate_bps: 64000 } }"}) {
    Done(input, task);
    const int64_t offset = Times(Output(), AVMEDIA_TYPE_AUDIO).front() - Times(Output(), AVMEDIA_TYPE_VIDEO).front();
    const int64_t before = Times(input, AVMEDIA_TYPE_AUDIO).front() - Times(input, AVMEDIA_TYPE_VIDEO).front();
    EXPECT_NEAR(offset, before, 25) << task;
  }
}

TEST_F(RunTest, MendsMissingTimestamps) {
  const std::string raw = Make("raw.h264", absl::StrCat(kPicture, " ", kH264, " -bf 2"));
  EXPECT_EQ(Done(raw, "resize { width: 64 }").frames(), 20);
  const std::string avi = Make("nopts.avi", absl::StrCat(kPicture, " -c:v mpeg4"));
  const v1::JobResult result = Done(avi, "resize { width: 64 }");
  EXPECT_EQ(result.frames(), 20);
  EXPECT_NEAR(absl::ToDoubleSeconds(FromProto(result.duration())), 1, 0.06);
}

TEST_F(RunTest, StartsAtZeroWhateverTheInputCounts) {
  const std::string input =
      Make("wrap.ts", absl::StrCat(kPicture, " ", kTone, " ", kH264, " -c:a aac -output_ts_offset 95000 -f mpegts"));
  EXPECT_EQ(Done(input, "resize { width: 64 }").frames(), 20);
  EXPECT_LT(Times(Output(), AVMEDIA_TYPE_VIDEO).front(), 60);
}

TEST_F(RunTest, TrimsToTheFrame) {
  const v1::JobResult result =
      Done(SampleVideo(), "convert { trim { start { nanos: 250000000 } duration { nanos: 500000000 } } }");
  EXPECT_EQ(result.frames(), 10);
  EXPECT_NEAR(absl::ToDoubleSeconds(FromProto(result.duration())), 0.5, 0.025);
  const v1::JobResult head = Done(SampleVideo(), "convert { trim { duration { nanos: 500000000 } } }");
  EXPECT_EQ(head.frames(), 10);
  EXPECT_EQ(head.streams(1).action(), v1::STREAM_ACTION_COPIED);
}

TEST_F(RunTest, KeepsTheSizeWhenTheInputsChanges) {
  const std::string first = Make("a.ts", absl::StrCat(kPicture, " ", kH264, " -f mpegts"));
  const std::string second =
      Make("b.ts", absl::StrCat("-f lavfi -i testsrc2=s=64x64:r=20:d=1 ", kH264, " -f mpegts -output_ts_offset 1"));
  const std::string both = Temp("change.ts");
  ASSERT_EQ(system(absl::StrCat("cat ", first, " ", second, " > ", both).c_str()), 0);
  const v1::JobResult result = Done(both, "resize { width: 96 height: 54 }");
  EXPECT_EQ(result.frames(), 40);
  EXPECT_EQ(result.width(), 96);
}

TEST_F(RunTest, StandsTurnedPicturesUpright) {
  const std::string turned =
      Make("turned.mp4", absl::StrCat("-i ", SampleVideo(), " -c copy -metadata:s:v:0 rotate=90"));
  // FFmpeg's option counts against the clock, Spool with it.
  EXPECT_EQ(Probe(turned).streams(0).rotation(), 270);
  const v1::JobResult encoded = Done(turned, "resize { width: 36 }");
  EXPECT_EQ(encoded.height(), 64);
  EXPECT_EQ(Probe(Output()).streams(0).rotation(), 0);
  const v1::JobResult copied = Done(turned, "convert { container: CONTAINER_MOV }");
  EXPECT_EQ(copied.streams(0).action(), v1::STREAM_ACTION_COPIED);
  EXPECT_EQ(Probe(Output()).streams(0).rotation(), 270);
}

TEST_F(RunTest, MakesPixelsSquare) {
  const std::string input =
      Make("sar.mp4", absl::StrCat("-f lavfi -i testsrc2=s=72x58:r=20:d=0.5 -vf setsar=2 ", kH264));
  const v1::JobResult result = Done(input, "resize { width: 144 }");
  EXPECT_EQ(result.width(), 144);
  EXPECT_EQ(result.height(), 58);
}

TEST_F(RunTest, CarriesStreamsTheirNamesAndChapters) {
  ASSERT_EQ(system(absl::StrCat("printf '1\\n00:00:00,100 --> 00:00:00,900\\nhello\\n' > ", Temp("s.srt")).c_str()), 0);
  ASSERT_EQ(system(absl::StrCat("printf ';FFMETADATA1\\ntitle=Mine\\n[CHAPTER]\\nTIMEBASE=1/1000\\nSTART=0\\nEND=500\\n"
                                "title=one\\n[CHAPTER]\\nTIMEBASE=1/1000\\nSTART=500\\nEND=1000\\ntitle=two\\n' > ",
                                Temp("m.txt"))
                       .c_str()),
            0);
  const std::string input =
      Make("multi.mkv", absl::StrCat(kPicture, " ", kTone, " ", kTone, " -i ", Temp("s.srt"), " -i ", Temp("m.txt"),
                                     " -map 0 -map 1 -map 2 -map 3 -map_metadata 4 -map_chapters 4 ", kH264,
                                     " -c:a aac -c:s srt -metadata:s:a:0 language=eng -metadata:s:a:1 language=fra"));
  for (const char* task :
       {"convert { container: CONTAINER_MP4 }", "convert { container: CONTAINER_WEBM }", "resize { width: 64 }"}) {
    const v1::JobResult result = Done(input, task);
    EXPECT_THAT(result.warnings(), Not(Contains(HasSubstr("dropped")))) << task;
    const v1::MediaInfo info = Probe(Output());
    ASSERT_GE(info.streams_size(), 4) << task;
    EXPECT_EQ(info.streams(1).language(), "eng") << task;
    EXPECT_EQ(info.streams(2).language(), "fra") << task;
    EXPECT_EQ(info.streams(3).kind(), "subtitle") << task;
    UniqueFd file(open(Output().c_str(), O_RDONLY));
    auto opened = av::Input::Open(file.get(), {});
    ASSERT_OK(opened);
    EXPECT_EQ((*opened)->context()->nb_chapters, 2u) << task;
    const AVDictionaryEntry* title = av_dict_get((*opened)->context()->metadata, "title", nullptr, 0);
    ASSERT_NE(title, nullptr) << task;
    EXPECT_STREQ(title->value, "Mine") << task;
  }
}

TEST_F(RunTest, TakesCoverArtForWhatItIs) {
  const std::string art = Make("art.png", "-f lavfi -i testsrc=s=32x32 -frames:v 1");
  const std::string mp3 = Make("cover.mp3", absl::StrCat(kTone, " -i ", art,
                                                         " -map 0 -map 1 -c:a libmp3lame -c:v copy "
                                                         "-disposition:v:0 attached_pic"));
  const v1::JobResult result = Done(mp3, "convert { container: CONTAINER_MP4 }");
  EXPECT_EQ(result.width(), 0);
  EXPECT_EQ(result.audio_codec(), "mp3");
  EXPECT_TRUE(Probe(Output()).streams(1).attached_picture());
  const auto resized = Run(mp3, "resize { width: 32 }");
  EXPECT_EQ(av::ReasonOf(resized.status()), av::Reason::kInvalidSpec);
}

TEST_F(RunTest, GoesFromAnyStillToAnyOther) {
  for (const char* from : {"i.png", "i.jpg", "i.bmp", "i.tiff", "i.webp", "i.gif"}) {
    const std::string input = Make(from, "-f lavfi -i testsrc=s=33x21 -frames:v 1");
    for (const char* to : {"JPEG", "PNG", "WEBP", "GIF"}) {
      const v1::JobResult result =
          Done(input, absl::StrCat("resize { width: 17 height: 11 container: CONTAINER_", to, " }"));
      EXPECT_EQ(result.width(), 17) << from << to;
      EXPECT_EQ(result.height(), 11) << from << to;
      EXPECT_EQ(result.frames(), 1) << from << to;
      EXPECT_FALSE(result.has_duration()) << from << to;
    }
  }
}

TEST_F(RunTest, MakesAVideoOfAStillOnlyWhenAsked) {
  const std::string png = Make("still.png", "-f lavfi -i testsrc=s=32x32 -frames:v 1");
  EXPECT_EQ(Done(png, "resize { width: 16 }").container(), v1::CONTAINER_PNG);
  const v1::JobResult video = Done(png, "convert { container: CONTAINER_MP4 }");
  EXPECT_EQ(video.frames(), 1);
  EXPECT_EQ(video.video_codec(), "h264");
}

TEST_F(RunTest, KeepsTheBeatOfAnAnimatedGif) {
  const std::string gif = Make("anim.gif", "-f lavfi -i testsrc2=s=64x48:r=10:d=1");
  for (const char* task : {"resize { width: 32 }", "convert { container: CONTAINER_MP4 }"}) {
    const v1::JobResult result = Done(gif, task);
    EXPECT_EQ(result.frames(), 10) << task;
    EXPECT_NEAR(absl::ToDoubleSeconds(FromProto(result.duration())), 1, 0.05) << task;
  }
}

TEST_F(RunTest, PutsTransparentPicturesOnWhite) {
  const std::string png = Make("clear.png", "-f lavfi -i color=black@0:s=32x32,format=rgba -frames:v 1");
  Done(png, "convert { container: CONTAINER_JPEG }");
  EXPECT_GT(Brightness(Output()), 245);
  const std::string webm = Make("clear.webm",
                                "-f lavfi -i color=black@0:s=64x64:r=10:d=0.3,format=yuva420p "
                                "-c:v libvpx-vp9 -pix_fmt yuva420p");
  Done(webm, "convert { container: CONTAINER_MP4 }");
  EXPECT_GT(Brightness(Output()), 245);
  // WebM has room for alpha: resized, the picture is still transparent.
  Done(webm, "resize { width: 32 }");
  ASSERT_EQ(rename(Output().c_str(), Temp("small.webm").c_str()), 0);
  Done(Temp("small.webm"), "convert { container: CONTAINER_JPEG }");
  EXPECT_GT(Brightness(Output()), 245);
}

TEST_F(RunTest, RemovesTheCombsOfInterlacedPictures) {
  const std::string input = Make("interlaced.mp4", absl::StrCat(kPicture, " -vf interlace=scan=tff,setfield=tff ",
                                                                kH264, " -flags +ilme+ildct -x264opts tff=1"));
  const v1::JobResult result = Done(input, "resize { width: 64 }");
  EXPECT_EQ(result.frames(), 10);
}

TEST_F(RunTest, GivesEightBitsOfSdrWhereOnlyThoseAreShown) {
  const std::string hdr =
      Make("hdr.mp4",
           "-f lavfi -i testsrc2=s=128x72:r=10:d=0.5 -vf "
           "format=yuv420p,zscale=tin=bt709:pin=bt709:min=bt709:rin=limited:t=smpte2084:p=bt2020:m=bt2020nc:r=limited,"
           "format=yuv420p10le -c:v libx265 -preset ultrafast -x265-params "
           "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc");
  Done(hdr, "convert { video { codec: VIDEO_CODEC_H264 } }");
  EXPECT_EQ(Probe(Output()).streams(0).format(), "yuv420p");
  Done(hdr, "resize { width: 64 }");
  EXPECT_EQ(Probe(Output()).streams(0).format(), "yuv420p10le");
}

TEST_F(RunTest, DeliversWhatATruncatedFileHolds) {
  const std::string whole =
      Make("whole.mp4", absl::StrCat("-f lavfi -i testsrc2=s=128x72:r=20:d=10 ", kH264, " -g 10 -movflags +faststart"));
  const std::string half = Temp("half.mp4");
  ASSERT_EQ(system(absl::StrCat("head -c $(($(stat -c %s ", whole, ") / 2)) ", whole, " > ", half).c_str()), 0);
  const v1::JobResult result = Done(half, "resize { width: 64 }");
  EXPECT_GT(result.frames(), 20);
  EXPECT_LT(result.frames(), 180);
  EXPECT_THAT(result.warnings(), Contains(HasSubstr("could be read")));
}

TEST_F(RunTest, HoldsToItsLimits) {
  RunOptions options;
  options.limits.max_pixels = 128 * 72 - 1;
  EXPECT_EQ(av::ReasonOf(Run(SampleVideo(), "resize { width: 64 }", options).status()), av::Reason::kLimitExceeded);
  options = {};
  options.limits.max_pixels = 128 * 72;
  EXPECT_EQ(av::ReasonOf(Run(SampleVideo(), "resize { width: 256 }", options).status()), av::Reason::kLimitExceeded);
  options = {};
  options.limits.max_streams = 1;
  EXPECT_EQ(av::ReasonOf(Run(SampleVideo(), "resize { width: 64 }", options).status()), av::Reason::kLimitExceeded);
  options = {};
  options.limits.max_media_duration = absl::Milliseconds(500);
  EXPECT_EQ(av::ReasonOf(Run(SampleVideo(), "resize { width: 64 }", options).status()), av::Reason::kLimitExceeded);
  options = {};
  options.limits.max_output_bytes = 1000;
  EXPECT_EQ(av::ReasonOf(Run(SampleVideo(), "resize { width: 64 }", options).status()), av::Reason::kLimitExceeded);
}

TEST_F(RunTest, RefusesWhatIsNoMedia) {
  struct Case {
    const char* content;
    av::Reason reason;
  };
  const Case cases[] = {
      {"", av::Reason::kInvalidMedia},
      {"hello, this is not a video", av::Reason::kInvalidMedia},
      {"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
       av::Reason::kUnsupportedMedia},
      {"ffconcat version 1.0\nfile sample.mp4\n", av::Reason::kUnsupportedMedia},
  };
  for (const Case& c : cases) {
    const std::string path = Temp("hostile.mp4");
    UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
    ASSERT_EQ(write(file.get(), c.content, strlen(c.content)), static_cast<ssize_t>(strlen(c.content)));
    const auto result = Run(path, "resize { width: 64 }");
    EXPECT_EQ(av::ReasonOf(result.status()), c.reason) << result.status();
  }
}

TEST_F(RunTest, SaysThatAnimatedWebpIsNotDecoded) {
  const std::string input = Make("anim.webp", "-f lavfi -i testsrc2=s=32x32:r=10:d=0.5 -c:v libwebp_anim");
  EXPECT_EQ(av::ReasonOf(Run(input, "resize { width: 16 }").status()), av::Reason::kUnsupportedMedia);
}

TEST_F(RunTest, TellsWhatAFileHolds) {
  const v1::MediaInfo info = Probe(SampleVideo());
  EXPECT_THAT(info.format(), HasSubstr("mp4"));
  EXPECT_EQ(info.streams(0).codec(), "h264");
  EXPECT_EQ(info.streams(0).width(), 128);
  EXPECT_EQ(info.streams(0).frame_rate(), 20);
  EXPECT_EQ(info.streams(1).channel_layout(), "mono");
  EXPECT_FALSE(info.still_image());
}

}  // namespace
}  // namespace spool::media

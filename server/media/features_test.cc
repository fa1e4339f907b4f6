// What a spec can ask for beyond dimensions and formats, on small inputs that the ffmpeg program makes.

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/av/failure.h"
#include "server/base/proto_time.h"
#include "server/base/status_matchers.h"
#include "server/base/unique_fd.h"
#include "server/media/run.h"

extern "C" const char* __lsan_default_suppressions() { return "leak:libx265"; }

namespace spool::media {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Temp(const std::string& name) { return absl::StrCat(getenv("TEST_TMPDIR"), "/", name); }

// What a shell command prints.
std::string Shell(const std::string& command) {
  const std::string path = Temp("printed");
  EXPECT_EQ(system(absl::StrCat(command, " > ", path).c_str()), 0) << command;
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Make(const std::string& name, const std::string& arguments) {
  const std::string path = Temp(name);
  Shell(absl::StrCat("ffmpeg -nostdin -v error -y ", arguments, " ", path));
  return path;
}

// Four seconds, a key frame each second, a tone of middling loudness.
std::string Clip() {
  return Make("clip.mp4",
              "-f lavfi -i testsrc2=s=192x108:r=25:d=4 -f lavfi -i sine=440:r=48000:d=4 -c:v libx264 -preset ultrafast "
              "-pix_fmt yuv420p -g 25 -bf 0 -c:a aac");
}

struct Told {
  std::vector<absl::StatusOr<Made>> made;
  std::vector<v1::OutputPlan> plans;
  std::vector<v1::JobProgress> progress;
  absl::Status status;
  RunSummary summary;
};

std::string Output(int i = 0) { return Temp(absl::StrCat("out", i)); }

// Each of `specs` is an OutputSpec.
Told RunSpecs(const std::string& input, const std::vector<std::string>& specs, int threads = 1,
              OnOutputFailure on_failure = OnOutputFailure::kMakeTheOthers) {
  std::vector<Task> tasks;
  std::vector<UniqueFd> outputs;
  std::vector<int> fds;
  for (const std::string& text : specs) {
    v1::OutputSpec spec;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &spec)) << text;
    tasks.push_back(TaskOf(spec, v1::CONTAINER_UNSPECIFIED));
    outputs.emplace_back(
        open(Output(static_cast<int>(fds.size())).c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    fds.push_back(outputs.back().get());
  }
  Told run;
  run.made.assign(specs.size(), absl::UnknownError("not told of"));
  run.plans.resize(specs.size());
  RunEvents events;
  absl::Duration now;
  events.on_planned = [&](int i, const v1::OutputPlan& plan) { run.plans[i] = plan; };
  events.on_ended = [&](int i, absl::StatusOr<Made> made) { run.made[i] = std::move(made); };
  events.on_progress = [&](const v1::JobProgress& progress) { run.progress.push_back(progress); };
  events.stopwatch = [&] { return now += absl::Milliseconds(60); };
  RunOptions options;
  options.threads = threads;
  UniqueFd in(open(input.c_str(), O_RDONLY | O_CLOEXEC));
  auto summary = RunTasks(tasks, on_failure, options, in.get(), fds, std::move(events));
  run.status = summary.status();
  if (summary.ok()) run.summary = *std::move(summary);
  return run;
}

v1::JobResult Done(const std::string& input, const std::string& spec, int threads = 1) {
  Told run = RunSpecs(input, {spec}, threads);
  EXPECT_OK(run.status) << spec;
  EXPECT_OK(run.made[0].status()) << spec;
  return run.made[0].ok() ? run.made[0]->result : v1::JobResult();
}

// One value of the first stream of a kind ("v", "a").
std::string Ask(const std::string& path, const std::string& stream, const std::string& entry) {
  std::string value = Shell(absl::StrCat("ffprobe -v error -select_streams ", stream, " -show_entries ", entry,
                                         " -of default=nw=1:nk=1 ", path));
  return std::string(absl::StripAsciiWhitespace(value));
}

// Red, green and blue of one pixel, as a program that is not under test sees it.
std::vector<int> Pixel(const std::string& path, int x, int y) {
  const std::string bytes = Shell(absl::StrCat("ffmpeg -nostdin -v error -i ", path,
                                               " -frames:v 1 -vf format=rgb24,crop=1:1:", x, ":", y, " -f rawvideo -"));
  std::vector<int> pixel;
  for (const char c : bytes) pixel.push_back(static_cast<unsigned char>(c));
  return pixel;
}

TEST(Features, BarsHaveTheColourThatWasAskedFor) {
  const v1::JobResult result =
      Done(Clip(), "resize { width: 64 height: 64 pad_color: '#00ff00' container: CONTAINER_PNG }");
  EXPECT_EQ(result.height(), 64);
  EXPECT_THAT(Pixel(Output(), 2, 2), ElementsAre(0, 255, 0));
}

TEST(Features, GravityDecidesWhatACropKeeps) {
  const std::string input = Make(
      "sides.png", "-f lavfi -i color=red:s=100x50 -f lavfi -i color=blue:s=100x50 -filter_complex hstack -frames:v 1");
  Done(input, "resize { width: 50 height: 50 fit: FIT_COVER crop_gravity: CROP_GRAVITY_LEFT }");
  EXPECT_THAT(Pixel(Output(), 25, 25), ElementsAre(Ge(250), 0, 0));
  Done(input, "resize { width: 50 height: 50 fit: FIT_COVER crop_gravity: CROP_GRAVITY_RIGHT }");
  EXPECT_THAT(Pixel(Output(), 25, 25), ElementsAre(0, 0, Ge(250)));
}

TEST(Features, FramesComeAtTheRateThatWasAskedFor) {
  for (const int threads : {1, 2}) {
    const v1::JobResult result = Done(Clip(), "convert { container: CONTAINER_MP4 video { frame_rate: 10 } }", threads);
    EXPECT_EQ(result.frames(), 40);
    EXPECT_EQ(Ask(Output(), "v", "stream=r_frame_rate"), "10/1");
  }
  Done(Clip(), "convert { container: CONTAINER_MP4 video { frame_rate: 29.97 } }");
  EXPECT_EQ(Ask(Output(), "v", "stream=r_frame_rate"), "30000/1001");
}

TEST(Features, KeyFramesComeExactlyAtTheirDistance) {
  for (const char* codec : {"VIDEO_CODEC_H264", "VIDEO_CODEC_HEVC", "VIDEO_CODEC_VP9", "VIDEO_CODEC_AV1"}) {
    Done(Clip(), absl::StrCat("convert { container: CONTAINER_MKV video { codec: ", codec,
                              " keyframe_interval { nanos: 800000000 } } }"));
    const std::string keys =
        Shell(absl::StrCat("ffprobe -v error -select_streams v -show_entries packet=pts_time,flags "
                           "-of csv=p=0 ",
                           Output(), " | grep K | cut -d. -f1,2 | cut -c1-3 | tr '\\n' ' '"));
    EXPECT_EQ(keys, "0.0 0.8 1.6 2.4 3.2 ") << codec;
  }
}

TEST(Features, ATwoPassEncodeKeepsItsBitrate) {
  for (const char* codec : {"VIDEO_CODEC_H264", "VIDEO_CODEC_HEVC", "VIDEO_CODEC_VP9"}) {
    for (const int threads : {1, 2}) {
      const v1::JobResult result =
          Done(Clip(),
               absl::StrCat("convert { container: CONTAINER_MKV audio { mute: true } video { codec: ", codec,
                            " bitrate_bps: 150000 two_pass: true } }"),
               threads);
      EXPECT_EQ(result.frames(), 100) << codec;
      EXPECT_NEAR(static_cast<double>(result.bytes()), 150000 / 8 * 4, 150000 / 8 * 4 * 0.25) << codec;
      EXPECT_EQ(result.plan().outputs(0).streams(0).passes(), 2) << codec;
    }
  }
}

TEST(Features, AFileFitsTheSizeThatWasAskedFor) {
  for (const int64_t bytes : {60000, 120000}) {
    const v1::JobResult result = Done(
        Clip(), absl::StrCat("convert { container: CONTAINER_MP4 video { codec: VIDEO_CODEC_H264 target_bytes: ", bytes,
                             " } audio { codec: AUDIO_CODEC_AAC bitrate_bps: 32000 } }"));
    EXPECT_LE(result.bytes(), bytes);
    EXPECT_GE(result.bytes(), bytes * 7 / 10);
  }
  EXPECT_EQ(
      av::ReasonOf(RunSpecs(Clip(), {"convert { container: CONTAINER_MP4 video { target_bytes: 10000 } }"}).status),
      av::Reason::kInvalidSpec);
}

TEST(Features, PixelFormatsAreWhatWasAskedFor) {
  Done(Clip(),
       "convert { container: CONTAINER_MP4 video { codec: VIDEO_CODEC_H264 pixel_format: PIXEL_FORMAT_YUV444P } }");
  EXPECT_EQ(Ask(Output(), "v", "stream=pix_fmt"), "yuv444p");
  Done(Clip(),
       "convert { container: CONTAINER_MP4 video { codec: VIDEO_CODEC_HEVC pixel_format: PIXEL_FORMAT_YUV420P10 } }");
  EXPECT_EQ(Ask(Output(), "v", "stream=pix_fmt"), "yuv420p10le");
  EXPECT_EQ(av::ReasonOf(RunSpecs(Clip(), {"convert { container: CONTAINER_MP4 video { codec: VIDEO_CODEC_AV1 "
                                           "pixel_format: PIXEL_FORMAT_YUV444P } }"})
                             .status),
            av::Reason::kInvalidSpec);
}

TEST(Features, SoundHasTheRateAndChannelsThatWereAskedFor) {
  Done(Clip(), "convert { container: CONTAINER_MP4 audio { sample_rate: 22050 channels: 2 } }");
  EXPECT_EQ(Ask(Output(), "a", "stream=sample_rate,channels"), "22050\n2");
  EXPECT_EQ(Ask(Output(), "v", "stream=codec_name"), "h264");
}

TEST(Features, LoudnessComesToItsTarget) {
  // By EBU's own reckoning, done by a program that is not under test.
  const auto loudness = [](const std::string& path) {
    const std::string said = Shell(absl::StrCat("ffmpeg -nostdin -hide_banner -i ", path,
                                                " -af ebur128=framelog=verbose -f null - 2>&1 | grep 'I:' | tail -1"));
    double value = 0;
    const std::vector<std::string> words = absl::StrSplit(said, ' ', absl::SkipWhitespace());
    EXPECT_TRUE(words.size() >= 2 && absl::SimpleAtod(words[1], &value)) << said;
    return value;
  };
  const std::string quiet = Make("quiet.mp4", "-f lavfi -i sine=440:r=48000:d=4 -af volume=-15dB -c:a aac");
  const double before = loudness(quiet);
  const v1::JobResult result =
      Done(quiet, "convert { container: CONTAINER_MP4 audio { loudness { integrated_lufs: -23 } } }");
  EXPECT_NEAR(result.measured_lufs(), before, 0.5);
  EXPECT_NEAR(loudness(Output()), -23, 0.5);
  // So loud that its peaks would not fit: the dynamics give way.
  Done(quiet, "convert { container: CONTAINER_MP4 audio { loudness { integrated_lufs: -6 true_peak_dbtp: -9 } } }");
  EXPECT_GT(loudness(Output()), before);
  const std::string silence = Make("silence.mp4", "-f lavfi -i anullsrc=r=48000:d=1 -t 1 -c:a aac");
  Done(silence, "convert { container: CONTAINER_MP4 audio { loudness {} } }");
}

TEST(Features, OnlySoundIsLeftWhenPicturesAreDropped) {
  const v1::JobResult result = Done(Clip(), "convert { container: CONTAINER_MP4 video { drop: true } }");
  EXPECT_EQ(result.width(), 0);
  EXPECT_EQ(result.audio_codec(), "aac");
}

TEST(Features, TitlesAreStrippedAndLanguagesKept) {
  const std::string input =
      Make("titled.mkv", absl::StrCat("-i ", Clip(),
                                      " -c copy -metadata title=Secret "
                                      "-metadata:s:a:0 language=fra -metadata:s:a:0 title=Voice"));
  Done(input, "convert { container: CONTAINER_MP4 metadata: METADATA_POLICY_STRIP }");
  EXPECT_EQ(Ask(Output(), "a", "stream_tags=language"), "fra");
  EXPECT_EQ(Ask(Output(), "a", "format_tags=title"), "");
  EXPECT_EQ(Ask(Output(), "a", "stream_tags=title"), "");
}

TEST(Features, APartBetweenKeyFramesIsCopied) {
  const std::string input = Clip();
  const v1::JobResult cut = Done(input, "convert { trim { start { seconds: 1 } duration { seconds: 2 } } }");
  EXPECT_EQ(cut.streams(0).action(), v1::STREAM_ACTION_COPIED);
  EXPECT_EQ(cut.frames(), 50);
  EXPECT_NEAR(absl::ToDoubleSeconds(FromProto(cut.duration())), 2, 0.03);
  EXPECT_EQ(Shell(absl::StrCat("ffmpeg -v error -i ", Output(),
                               " -map v -f framemd5 - | grep -v '#' | cut -d, -f6 | head -50")),
            Shell(absl::StrCat("ffmpeg -v error -i ", input,
                               " -map v -f framemd5 - | grep -v '#' | cut -d, -f6 | sed -n 26,75p")));
  const v1::JobResult between =
      Done(input, "convert { trim { start { seconds: 1 nanos: 480000000 } duration { seconds: 1 } } }");
  EXPECT_EQ(between.streams(0).action(), v1::STREAM_ACTION_ENCODED);
  EXPECT_EQ(between.frames(), 25);
}

TEST(Features, NeverLargerCopiesWhatWouldGrow) {
  const std::string input =
      Make("small.mp4", absl::StrCat("-i ", Clip(), " -c:v libx264 -preset veryfast -crf 45 -c:a copy"));
  const std::string spec =
      "convert { container: CONTAINER_MP4 never_larger: true video { codec: VIDEO_CODEC_H264 quality: 10 } }";
  const v1::JobResult result = Done(input, spec);
  EXPECT_EQ(result.streams(0).action(), v1::STREAM_ACTION_COPIED);
  EXPECT_THAT(result.warnings(), Contains(HasSubstr("copied instead")));
  const v1::JobResult larger =
      Done(input, "convert { container: CONTAINER_MP4 video { codec: VIDEO_CODEC_H264 quality: 10 } }");
  EXPECT_THAT(larger.warnings(), Contains(HasSubstr("larger than the input")));
}

TEST(Features, DamageFailsTheJobOnlyWhenAsked) {
  const std::string input = Clip();
  const std::string broken = Temp("broken.mp4");
  Shell(absl::StrCat("cp ", input, " ", broken, "; printf 'xxxxxxxxxxxxxxxxxxxxxxxxxxxx' | dd of=", broken,
                     " bs=1 seek=9000 conv=notrunc status=none"));
  EXPECT_FALSE(Done(broken, "resize { width: 64 }").warnings().empty());
  const Told run = RunSpecs(broken, {"resize { width: 64 on_damage: ON_DAMAGE_FAIL }"});
  EXPECT_EQ(av::ReasonOf(run.status), av::Reason::kInvalidMedia) << run.status;
  EXPECT_OK(RunSpecs(input, {"resize { width: 64 on_damage: ON_DAMAGE_FAIL }"}).status);
}

TEST(Features, AThumbnailIsThePictureAtItsTime) {
  const std::string input =
      Make("rgb.mp4",
           "-f lavfi -i color=red:s=64x36:r=25:d=1 -f lavfi -i color=lime:s=64x36:r=25:d=1 -f lavfi "
           "-i color=blue:s=64x36:r=25:d=1 -filter_complex concat=n=3 -c:v libx264 -pix_fmt yuv420p");
  const auto strongest = [] {
    const std::vector<int> pixel = Pixel(Output(), 16, 9);
    return std::max_element(pixel.begin(), pixel.end()) - pixel.begin();
  };
  const v1::JobResult result = Done(input, "thumbnail { at { seconds: 1 nanos: 500000000 } width: 32 }");
  EXPECT_EQ(result.width(), 32);
  EXPECT_EQ(result.height(), 18);
  EXPECT_EQ(result.container(), v1::CONTAINER_JPEG);
  EXPECT_EQ(strongest(), 1);
  // Beyond the end it is the last one.
  Done(input, "thumbnail { at { seconds: 90 } container: CONTAINER_PNG }");
  EXPECT_EQ(strongest(), 2);
  EXPECT_EQ(Done(input, "thumbnail {}").frames(), 1);
}

TEST(Features, ASpriteSheetTellsWhereItsPicturesAre) {
  const Told run = RunSpecs(Clip(), {"sprite_sheet { interval { seconds: 1 } columns: 3 tile_width: 48 }"});
  ASSERT_OK(run.status);
  ASSERT_OK(run.made[0].status());
  EXPECT_EQ(run.made[0]->result.width(), 144);
  EXPECT_EQ(run.made[0]->result.height(), 54);
  EXPECT_EQ(run.made[0]->vtt,
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{image}#xywh=0,0,48,27\n"
            "\n00:00:01.000 --> 00:00:02.000\n{image}#xywh=48,0,48,27\n"
            "\n00:00:02.000 --> 00:00:03.000\n{image}#xywh=96,0,48,27\n"
            "\n00:00:03.000 --> 00:00:04.000\n{image}#xywh=0,27,48,27\n");
}

TEST(Features, PreviewsMove) {
  const v1::JobResult webp = Done(Clip(), "preview { width: 64 duration { seconds: 2 } }");
  EXPECT_EQ(webp.container(), v1::CONTAINER_WEBP);
  EXPECT_EQ(webp.width(), 64);
  EXPECT_EQ(webp.frames(), 20);
  EXPECT_NEAR(absl::ToDoubleSeconds(FromProto(webp.duration())), 2, 0.11);
  EXPECT_THAT(webp.warnings(), IsEmpty()) << "of a whole input";
  const v1::JobResult gif = Done(Clip(), "preview { container: CONTAINER_GIF width: 64 frame_rate: 5 }");
  EXPECT_EQ(gif.frames(), 15);
}

TEST(Features, ALadderIsMadeOfOneDecode) {
  for (const int threads : {1, 2}) {
    const Told run =
        RunSpecs(Clip(),
                 {"name: 'a' resize { height: 72 }", "name: 'b' resize { height: 36 }",
                  "name: 'c' convert { container: CONTAINER_WEBM }", "name: 'd' convert { container: CONTAINER_MKV }",
                  "name: 't' thumbnail { at { seconds: 2 } }"},
                 threads);
    ASSERT_OK(run.status);
    for (size_t i = 0; i < run.made.size(); ++i) ASSERT_OK(run.made[i].status()) << i;
    EXPECT_EQ(run.made[0]->result.height(), 72);
    EXPECT_EQ(run.made[1]->result.height(), 36);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(run.made[i]->result.frames(), 100) << i;
    EXPECT_EQ(run.made[3]->result.streams(0).action(), v1::STREAM_ACTION_COPIED);
    // A frame for the thumbnail beside the hundred that four outputs share.
    EXPECT_NEAR(run.summary.decoded_megapixels, 101 * 192 * 108 / 1e6, 0.001);
    ASSERT_FALSE(run.progress.empty());
    std::map<std::string, double> last;
    double whole = 0;
    for (const v1::JobProgress& progress : run.progress) {
      EXPECT_GE(progress.fraction(), whole);
      whole = progress.fraction();
      for (const v1::OutputProgress& output : progress.outputs()) {
        EXPECT_GE(output.fraction(), last[output.name()]) << output.name();
        last[output.name()] = output.fraction();
      }
    }
    EXPECT_EQ(whole, 1);
    EXPECT_EQ(last.size(), 5);
    for (const auto& [name, fraction] : last) EXPECT_EQ(fraction, 1) << name;
  }
}

TEST(Features, OneFailingOutputDoesNotLoseTheOthersUnlessTold) {
  const std::vector<std::string> specs = {"name: 'good' resize { height: 36 }",
                                          "name: 'bad' resize { width: 5000 no_upscale: true }"};
  const Told some = RunSpecs(Clip(), specs);
  ASSERT_OK(some.status);
  EXPECT_OK(some.made[0].status());
  EXPECT_EQ(av::ReasonOf(some.made[1].status()), av::Reason::kInvalidSpec);
  EXPECT_THAT(some.plans[1].error(), HasSubstr("no_upscale"));
  EXPECT_EQ(av::ReasonOf(RunSpecs(Clip(), specs, 1, OnOutputFailure::kEndAll).status), av::Reason::kInvalidSpec);
}

// Which frames there are and when; their bits are x264's business.
TEST(Features, ThreadsChangeNoTimes) {
  const std::string input = Clip();
  const auto frames = [] {
    return Shell(absl::StrCat("ffmpeg -v error -i ", Output(), " -f framemd5 - | grep -v '#' | cut -d, -f1-4"));
  };
  Done(input, "resize { height: 36 }", 1);
  const std::string alone = frames();
  Done(input, "resize { height: 36 }", 2);
  EXPECT_EQ(frames(), alone);
}

}  // namespace
}  // namespace spool::media

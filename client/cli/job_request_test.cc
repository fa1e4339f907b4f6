#include "client/cli/job_request.h"

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "client/cli/usage_error.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::cli {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1000);

Arguments Parse(std::vector<Flag> flags, const std::string& line) {
  for (const Flag& flag : JobFlags()) flags.push_back(flag);
  const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  auto arguments = ParseArguments(flags, words);
  EXPECT_OK(arguments);
  return *arguments;
}

absl::StatusOr<v1::EnqueueRequest> Resize(const std::string& line) {
  return ResizeRequest(Parse(ResizeFlags(), line), kNow);
}
absl::StatusOr<v1::EnqueueRequest> Convert(const std::string& line) {
  return ConvertRequest(Parse(ConvertFlags(), line), kNow);
}

MATCHER_P(IsRequest, text, "") {
  EXPECT_OK(arg);
  v1::EnqueueRequest expected;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &expected));
  google::protobuf::util::MessageDifferencer differencer;
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  const bool same = differencer.Compare(expected, *arg);
  *result_listener << difference;
  return same;
}

TEST(ResizeRequest, NeedsOneDimension) {
  EXPECT_THAT(Resize("--width 800"), IsRequest("resize { width: 800 }"));
  EXPECT_THAT(Resize("--height 600"), IsRequest("resize { height: 600 }"));
  EXPECT_THAT(Resize(""), StatusIs(absl::StatusCode::kInvalidArgument, "--width or --height is missing"));
}

TEST(ResizeRequest, TakesEverySetting) {
  EXPECT_THAT(Resize("--width 800 --height 600 --fit cover --no-upscale --container mkv --video-codec hevc "
                     "--bitrate 2M --preset fast --audio-codec opus --audio-bitrate 96k"),
              IsRequest(R"pb(resize {
                               width: 800
                               height: 600
                               fit: FIT_COVER
                               no_upscale: true
                               container: CONTAINER_MKV
                               video { codec: VIDEO_CODEC_HEVC bitrate_bps: 2000000 preset: "fast" }
                               audio { codec: AUDIO_CODEC_OPUS bitrate_bps: 96000 }
                             })pb"));
}

TEST(ConvertRequest, TakesEverySetting) {
  EXPECT_THAT(Convert("--to webm --video-codec av1 --quality 30 --mute --start 1.5 --duration 1m"),
              IsRequest(R"pb(convert {
                               container: CONTAINER_WEBM
                               video { codec: VIDEO_CODEC_AV1 quality: 30 }
                               audio { mute: true }
                               trim {
                                 start { seconds: 1 nanos: 500000000 }
                                 duration { seconds: 60 }
                               }
                             })pb"));
  EXPECT_THAT(Convert("--to jpg"), IsRequest("convert { container: CONTAINER_JPEG }"));
}

TEST(ResizeRequest, TakesTheNewSettings) {
  EXPECT_THAT(Resize("--width 800 --height 600 --fit cover --gravity top --pad-color #102030 --start 1s --duration 2s "
                     "--target-size 8M --two-pass --keyframe-interval 2s --pixel-format yuv420p --fps 30000/1001 "
                     "--sample-rate 48000 --channels 2 --loudness=-23 --strip-metadata --fail-on-damage"),
              IsRequest(R"pb(resize {
                               width: 800
                               height: 600
                               fit: FIT_COVER
                               crop_gravity: CROP_GRAVITY_TOP
                               pad_color: "#102030"
                               trim {
                                 start { seconds: 1 }
                                 duration { seconds: 2 }
                               }
                               video {
                                 target_bytes: 8000000
                                 two_pass: true
                                 keyframe_interval { seconds: 2 }
                                 pixel_format: PIXEL_FORMAT_YUV420P
                                 frame_rate: 29.97002997002997
                               }
                               audio {
                                 sample_rate: 48000
                                 channels: 2
                                 loudness { integrated_lufs: -23 }
                               }
                               metadata: METADATA_POLICY_STRIP
                               on_damage: ON_DAMAGE_FAIL
                             })pb"));
  EXPECT_THAT(Resize("--width 8 --crf 20 --loudness --fit shrink"),
              IsRequest("resize { width: 8 fit: FIT_SHRINK video { quality: 20 } audio { loudness {} } }"));
}

TEST(ConvertRequest, TakesTheNewSettings) {
  EXPECT_THAT(Convert("--to mp4 --no-video --never-larger"),
              IsRequest("convert { container: CONTAINER_MP4 video { drop: true } never_larger: true }"));
  EXPECT_THAT(Convert("--strip-metadata"), IsRequest("convert { metadata: METADATA_POLICY_STRIP }"));
}

TEST(ThumbnailRequest, TakesEverySetting) {
  EXPECT_THAT(ThumbnailRequest(Parse(ThumbnailFlags(), ""), kNow), IsRequest("thumbnail {}"));
  EXPECT_THAT(ThumbnailRequest(Parse(ThumbnailFlags(),
                                     "--at 3s --width 320 --height 2 --fit cover --container jpg "
                                     "--quality 90"),
                               kNow),
              IsRequest("thumbnail { at { seconds: 3 } width: 320 height: 2 fit: FIT_COVER container: CONTAINER_JPEG "
                        "quality: 90 }"));
}

TEST(SpriteRequest, TakesEverySetting) {
  EXPECT_THAT(SpriteRequest(Parse(SpriteFlags(),
                                  "--interval 10s --columns 5 --rows 4 --tile-width 120 --container "
                                  "webp --quality 50"),
                            kNow),
              IsRequest("sprite_sheet { interval { seconds: 10 } columns: 5 rows: 4 tile_width: 120 container: "
                        "CONTAINER_WEBP quality: 50 }"));
}

TEST(PreviewRequest, TakesEverySetting) {
  EXPECT_THAT(
      PreviewRequest(Parse(PreviewFlags(), "--start 5s --duration 2s --width 100 --fps 12.5 --container gif"), kNow),
      IsRequest("preview { start { seconds: 5 } duration { seconds: 2 } width: 100 frame_rate: 12.5 container: "
                "CONTAINER_GIF }"));
}

TEST(RunRequest, NeedsAPreset) {
  EXPECT_THAT(RunRequest(Parse(RunFlags(), "--preset hls-ladder@1"), kNow), IsRequest("preset: 'hls-ladder@1'"));
  EXPECT_TRUE(IsUsageError(RunRequest(Parse(RunFlags(), ""), kNow).status()));
}

absl::StatusOr<v1::EnqueueRequest> Plan(const std::string& line) {
  const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  const auto arguments = ParseArguments(PlanFlags(), words);
  EXPECT_OK(arguments);
  return PlanRequest(*arguments, kNow);
}

TEST(PlanRequest, IsOfTheKindThatItsFlagsAreOf) {
  EXPECT_THAT(Plan("--run web-720p"), IsRequest("preset: 'web-720p'"));
  EXPECT_THAT(Plan("--height 720 --fit shrink"), IsRequest("resize { height: 720 fit: FIT_SHRINK }"));
  EXPECT_THAT(Plan("--to mkv"), IsRequest("convert { container: CONTAINER_MKV }"));
  for (const char* line : {"", "--to mp4 --width 8", "--to mp4 --fit cover", "--width 8 --never-larger"}) {
    EXPECT_TRUE(IsUsageError(Plan(line).status())) << line;
  }
}

TEST(ConvertRequest, NeedsSomethingToDo) {
  EXPECT_THAT(Convert("--priority 3"), StatusIs(absl::StatusCode::kInvalidArgument, "--to"));
  EXPECT_OK(Convert("--mute"));
  EXPECT_OK(Convert("--start 0"));
}

TEST(JobRequest, TakesWhatIsAboutTheJob) {
  EXPECT_THAT(Resize("--width 2 --job-id j --request-id r --video-id v --output o/p.mp4 --priority -7 --label a=1 "
                     "--label b=2 --run-at +10s --max-retries 0 --max-queue-time 1m --max-run-time 2m"),
              IsRequest(R"pb(job_id: "j"
                             request_id: "r"
                             video_id: "v"
                             output: "o/p.mp4"
                             priority: -7
                             labels { key: "a" value: "1" }
                             labels { key: "b" value: "2" }
                             run_at { seconds: 1010 }
                             retry_policy { max_retries: 0 }
                             limits {
                               max_queue_time { seconds: 60 }
                               max_run_time { seconds: 120 }
                             }
                             resize { width: 2 })pb"));
}

TEST(JobRequest, MistakesAreUsageErrors) {
  for (const char* line : {"--width 1",
                           "--width x",
                           "--width 2 --fit round",
                           "--width 2 --container avi",
                           "--width 2 --quality 20 --bitrate 2M",
                           "--width 2 --mute --audio-codec aac",
                           "--width 2 --two-pass",
                           "--width 2 --crf 20 --quality 20",
                           "--width 2 --target-size 8M --bitrate 2M",
                           "--width 2 --target-size x",
                           "--width 2 --fps 0",
                           "--width 2 --fps 1/0",
                           "--width 2 --fps nan",
                           "--width 2 --loudness=0",
                           "--width 2 --mute --channels 2",
                           "--width 2 --gravity top",
                           "--width 2 --sample-rate 1",
                           "--width 2 --priority 1001",
                           "--width 2 --label a",
                           "--width 2 --max-retries -1"}) {
    EXPECT_TRUE(IsUsageError(Resize(line).status())) << line;
  }
}

}  // namespace
}  // namespace spool::cli

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
  for (const char* line : {"--width 1", "--width x", "--width 2 --fit round", "--width 2 --container avi",
                           "--width 2 --quality 20 --bitrate 2M", "--width 2 --mute --audio-codec aac",
                           "--width 2 --priority 1001", "--width 2 --label a", "--width 2 --max-retries -1"}) {
    EXPECT_TRUE(IsUsageError(Resize(line).status())) << line;
  }
}

}  // namespace
}  // namespace spool::cli

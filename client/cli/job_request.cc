#include "client/cli/job_request.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/usage_error.h"
#include "client/cli/values.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

template <typename Enum>
std::string OneOf() {
  return absl::StrJoin(EnumNames(google::protobuf::GetEnumDescriptor<Enum>()), ", ");
}

// nullopt when the flag was not given.
absl::StatusOr<std::optional<int32_t>> IntegerFlag(const Arguments& arguments, absl::string_view flag, int32_t min,
                                                   int32_t max) {
  if (!arguments.Has(flag)) return std::nullopt;
  SPOOL_ASSIGN_OR_RETURN(const int64_t number, ParseInteger(flag, arguments.Get(flag), min, max));
  return static_cast<int32_t>(number);
}

absl::StatusOr<std::optional<int64_t>> BitrateFlag(const Arguments& arguments, absl::string_view flag) {
  if (!arguments.Has(flag)) return std::nullopt;
  return ParseBitrate(flag, arguments.Get(flag));
}

absl::StatusOr<std::optional<absl::Duration>> LengthFlag(const Arguments& arguments, absl::string_view flag) {
  if (!arguments.Has(flag)) return std::nullopt;
  return ParseLength(flag, arguments.Get(flag));
}

// The zero value when the flag was not given.
template <typename Enum>
absl::StatusOr<Enum> EnumFlag(const Arguments& arguments, absl::string_view flag) {
  if (!arguments.Has(flag)) return static_cast<Enum>(0);
  return ParseEnum<Enum>(flag, arguments.Get(flag));
}

absl::StatusOr<v1::Container> ContainerFlag(const Arguments& arguments, absl::string_view flag) {
  if (arguments.Get(flag) == "jpg") return v1::CONTAINER_JPEG;
  return EnumFlag<v1::Container>(arguments, flag);
}

std::vector<Flag> CodingFlags() {
  return {
      {"video-codec", "CODEC", absl::StrCat("Video coding: ", OneOf<v1::VideoCodec>(), ".")},
      {"quality", "NUMBER",
       "Constant quality. Video: 1 (best) to 51 (h264, hevc) or 63 (vp9, av1). JPEG and WebP: 1 to 100 (best)."},
      {"bitrate", "RATE", "Average video bits a second, such as 800k or 2.5M, instead of constant quality."},
      {"preset", "NAME", "The encoder's speed preset, such as veryfast (h264, hevc) or 4 (vp9, av1)."},
      {"audio-codec", "CODEC", absl::StrCat("Audio coding: ", OneOf<v1::AudioCodec>(), ".")},
      {"audio-bitrate", "RATE", "Bits a second of each audio stream, such as 96k."},
      {"mute", "", "Leave out all sound."},
  };
}

// What CodingFlags say. Options that ask for nothing are left unset.
template <typename Spec>
absl::Status ReadCoding(const Arguments& arguments, Spec* spec) {
  if (arguments.Has("quality") && arguments.Has("bitrate")) {
    return UsageError("--quality and --bitrate do not go together");
  }
  if (arguments.Has("mute") && (arguments.Has("audio-codec") || arguments.Has("audio-bitrate"))) {
    return UsageError("--mute does not go together with --audio-codec and --audio-bitrate");
  }
  SPOOL_ASSIGN_OR_RETURN(const v1::VideoCodec video_codec, EnumFlag<v1::VideoCodec>(arguments, "video-codec"));
  SPOOL_ASSIGN_OR_RETURN(const v1::AudioCodec audio_codec, EnumFlag<v1::AudioCodec>(arguments, "audio-codec"));
  SPOOL_ASSIGN_OR_RETURN(const std::optional<int32_t> quality, IntegerFlag(arguments, "quality", 1, 100));
  SPOOL_ASSIGN_OR_RETURN(const std::optional<int64_t> bitrate, BitrateFlag(arguments, "bitrate"));
  SPOOL_ASSIGN_OR_RETURN(const std::optional<int64_t> audio_bitrate, BitrateFlag(arguments, "audio-bitrate"));
  v1::VideoOptions video;
  video.set_codec(video_codec);
  video.set_quality(quality.value_or(0));
  video.set_bitrate_bps(bitrate.value_or(0));
  video.set_preset(arguments.Get("preset"));
  if (video.ByteSizeLong() > 0) *spec->mutable_video() = video;
  v1::AudioOptions audio;
  audio.set_codec(audio_codec);
  audio.set_bitrate_bps(audio_bitrate.value_or(0));
  audio.set_mute(arguments.Has("mute"));
  if (audio.ByteSizeLong() > 0) *spec->mutable_audio() = audio;
  return absl::OkStatus();
}

// What JobFlags say.
absl::Status ReadJob(const Arguments& arguments, absl::Time now, v1::EnqueueRequest* request) {
  request->set_job_id(arguments.Get("job-id"));
  request->set_request_id(arguments.Get("request-id"));
  request->set_video_id(arguments.Get("video-id"));
  request->set_output(arguments.Get("output"));
  SPOOL_ASSIGN_OR_RETURN(const std::optional<int32_t> priority, IntegerFlag(arguments, "priority", -1000, 1000));
  request->set_priority(priority.value_or(0));
  for (const std::string& text : arguments.GetAll("label")) {
    SPOOL_ASSIGN_OR_RETURN(const auto label, ParseLabel("label", text));
    (*request->mutable_labels())[label.first] = label.second;
  }
  if (arguments.Has("run-at")) {
    SPOOL_ASSIGN_OR_RETURN(const absl::Time run_at, ParseMoment("run-at", arguments.Get("run-at"), now));
    *request->mutable_run_at() = ToProto(run_at);
  }
  SPOOL_ASSIGN_OR_RETURN(const std::optional<int32_t> max_retries, IntegerFlag(arguments, "max-retries", 0, 100));
  if (max_retries.has_value()) request->mutable_retry_policy()->set_max_retries(*max_retries);
  SPOOL_ASSIGN_OR_RETURN(const std::optional<absl::Duration> queue_time, LengthFlag(arguments, "max-queue-time"));
  if (queue_time.has_value()) *request->mutable_limits()->mutable_max_queue_time() = ToProto(*queue_time);
  SPOOL_ASSIGN_OR_RETURN(const std::optional<absl::Duration> run_time, LengthFlag(arguments, "max-run-time"));
  if (run_time.has_value()) *request->mutable_limits()->mutable_max_run_time() = ToProto(*run_time);
  return absl::OkStatus();
}

// `first`, then `second`.
std::vector<Flag> Joined(std::vector<Flag> first, std::vector<Flag> second) {
  first.insert(first.end(), std::make_move_iterator(second.begin()), std::make_move_iterator(second.end()));
  return first;
}

}  // namespace

std::vector<Flag> ResizeFlags() {
  return Joined(
      {
          {"width", "PIXELS", "New width, 2 to 16384. Without --height, the height follows from the aspect."},
          {"height", "PIXELS", "New height, 2 to 16384. Without --width, the width follows from the aspect."},
          {"fit", "HOW",
           "How the picture fills the box when both are given. pad: undistorted, on black bars (the default). contain: "
           "undistorted, without bars, so one side may be smaller. cover: undistorted, cropped. stretch: distorted."},
          {"no-upscale", "", "Fail rather than enlarge the picture."},
          {"container", "FORMAT",
           absl::StrCat("File format of the output: ", OneOf<v1::Container>(), ". By default the input's.")},
      },
      CodingFlags());
}

std::vector<Flag> ConvertFlags() {
  return Joined(
      {
          {"to", "FORMAT", absl::StrCat("File format of the output: ", OneOf<v1::Container>(), ".")},
          {"start", "TIME", "Leave out what comes before, such as 90, 1.5s or 2m30s."},
          {"duration", "TIME", "Keep only so much, counted from --start."},
      },
      CodingFlags());
}

std::vector<Flag> JobFlags() {
  return {
      {"remote", "", "FILE is a path under the server's media root: nothing is uploaded."},
      {"wait", "", "Wait for the job's end and show its progress."},
      {"download", "PATH", "Fetch the result to PATH when the job is completed. Implies --wait."},
      {"video-id", "ID", "Your name for the video; groups jobs."},
      {"job-id", "ID", "Your own id for the job."},
      {"request-id", "ID", "Makes it safe to repeat the command: the same id is the same job. Random by default."},
      {"output", "PATH", "Where the server puts the result, under its output root."},
      {"priority", "NUMBER", "-1000 to 1000; higher is taken first."},
      {"label", "KEY=VALUE", "A mark of your own; may be repeated."},
      {"run-at", "TIME", "Not before this time: 2026-01-31T12:00:00Z, or +10m from now."},
      {"max-retries", "NUMBER", "Attempts after the first, 0 to 100."},
      {"max-queue-time", "TIME", "Fail if it has not started after so long, such as 10m."},
      {"max-run-time", "TIME", "End an attempt that takes longer, such as 2h."},
  };
}

absl::StatusOr<v1::EnqueueRequest> ResizeRequest(const Arguments& arguments, absl::Time now) {
  v1::EnqueueRequest request;
  SPOOL_RETURN_IF_ERROR(ReadJob(arguments, now, &request));
  v1::ResizeSpec& spec = *request.mutable_resize();
  SPOOL_ASSIGN_OR_RETURN(const std::optional<int32_t> width, IntegerFlag(arguments, "width", 2, 16384));
  SPOOL_ASSIGN_OR_RETURN(const std::optional<int32_t> height, IntegerFlag(arguments, "height", 2, 16384));
  if (!width.has_value() && !height.has_value()) return UsageError("--width or --height is missing");
  spec.set_width(width.value_or(0));
  spec.set_height(height.value_or(0));
  SPOOL_ASSIGN_OR_RETURN(const v1::Fit fit, EnumFlag<v1::Fit>(arguments, "fit"));
  spec.set_fit(fit);
  spec.set_no_upscale(arguments.Has("no-upscale"));
  SPOOL_ASSIGN_OR_RETURN(const v1::Container container, ContainerFlag(arguments, "container"));
  spec.set_container(container);
  SPOOL_RETURN_IF_ERROR(ReadCoding(arguments, &spec));
  return request;
}

absl::StatusOr<v1::EnqueueRequest> ConvertRequest(const Arguments& arguments, absl::Time now) {
  v1::EnqueueRequest request;
  SPOOL_RETURN_IF_ERROR(ReadJob(arguments, now, &request));
  v1::ConvertSpec& spec = *request.mutable_convert();
  SPOOL_ASSIGN_OR_RETURN(const v1::Container container, ContainerFlag(arguments, "to"));
  spec.set_container(container);
  SPOOL_RETURN_IF_ERROR(ReadCoding(arguments, &spec));
  SPOOL_ASSIGN_OR_RETURN(const std::optional<absl::Duration> start, LengthFlag(arguments, "start"));
  if (start.has_value()) *spec.mutable_trim()->mutable_start() = ToProto(*start);
  SPOOL_ASSIGN_OR_RETURN(const std::optional<absl::Duration> duration, LengthFlag(arguments, "duration"));
  if (duration.has_value()) *spec.mutable_trim()->mutable_duration() = ToProto(*duration);
  const bool asks_for_something =
      spec.container() != v1::CONTAINER_UNSPECIFIED || spec.has_trim() || spec.has_video() || spec.has_audio();
  if (!asks_for_something) return UsageError("nothing to do: name a format with --to");
  return request;
}

}  // namespace spool::cli

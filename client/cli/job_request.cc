#include "client/cli/job_request.h"

#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/coding_flags.h"
#include "client/cli/flag_values.h"
#include "client/cli/usage_error.h"
#include "client/cli/values.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

// What JobFlags say.
absl::Status ReadJob(const Arguments& arguments, absl::Time now, v1::EnqueueRequest* request) {
  request->set_job_id(arguments.Get("job-id"));
  request->set_request_id(arguments.Get("request-id"));
  request->set_video_id(arguments.Get("video-id"));
  request->set_output(arguments.Get("output"));
  SPOOL_ASSIGN_OR_RETURN(const auto priority, IntegerFlag(arguments, "priority", -1000, 1000));
  request->set_priority(priority.value_or(0));
  for (const std::string& text : arguments.GetAll("label")) {
    SPOOL_ASSIGN_OR_RETURN(const auto label, ParseLabel("label", text));
    (*request->mutable_labels())[label.first] = label.second;
  }
  if (arguments.Has("run-at")) {
    SPOOL_ASSIGN_OR_RETURN(const absl::Time run_at, ParseMoment("run-at", arguments.Get("run-at"), now));
    *request->mutable_run_at() = ToProto(run_at);
  }
  SPOOL_ASSIGN_OR_RETURN(const auto max_retries, IntegerFlag(arguments, "max-retries", 0, 100));
  if (max_retries.has_value()) request->mutable_retry_policy()->set_max_retries(*max_retries);
  SPOOL_ASSIGN_OR_RETURN(const auto queue_time, LengthFlag(arguments, "max-queue-time"));
  if (queue_time.has_value()) *request->mutable_limits()->mutable_max_queue_time() = *queue_time;
  SPOOL_ASSIGN_OR_RETURN(const auto run_time, LengthFlag(arguments, "max-run-time"));
  if (run_time.has_value()) *request->mutable_limits()->mutable_max_run_time() = *run_time;
  return absl::OkStatus();
}

// `first`, then `second`.
std::vector<Flag> Joined(std::vector<Flag> first, std::vector<Flag> second) {
  first.insert(first.end(), std::make_move_iterator(second.begin()), std::make_move_iterator(second.end()));
  return first;
}

Flag FitFlag() {
  return {"fit",
          "HOW",
          "How the picture fills the box when both are given. pad: undistorted, on bars (the default). contain: "
          "undistorted, without bars, so one side may be smaller. shrink: as contain, but never enlarged. cover: "
          "undistorted, cropped. stretch: distorted.",
          0,
          Flag::Value::kRequired,
          EnumNames(v1::Fit_descriptor())};
}

Flag StillFormatFlag() {
  return {
      "container", "FORMAT", "jpeg, png or webp; jpeg by default.", 0, Flag::Value::kRequired, {"jpeg", "png", "webp"}};
}

// --width and --height, which most specs have.
template <typename Spec>
absl::Status ReadDimensions(const Arguments& arguments, int32_t most, Spec* spec) {
  SPOOL_ASSIGN_OR_RETURN(const auto width, IntegerFlag(arguments, "width", 2, most));
  SPOOL_ASSIGN_OR_RETURN(const auto height, IntegerFlag(arguments, "height", 2, most));
  spec->set_width(width.value_or(0));
  spec->set_height(height.value_or(0));
  return absl::OkStatus();
}

// --container and --quality of specs that make pictures.
template <typename Spec>
absl::Status ReadPicture(const Arguments& arguments, Spec* spec) {
  SPOOL_ASSIGN_OR_RETURN(const v1::Container container, ContainerFlag(arguments, "container"));
  SPOOL_ASSIGN_OR_RETURN(const auto quality, IntegerFlag(arguments, "quality", 1, 100));
  spec->set_container(container);
  spec->set_quality(quality.value_or(0));
  return absl::OkStatus();
}

absl::Status ReadResize(const Arguments& arguments, v1::ResizeSpec* spec) {
  SPOOL_RETURN_IF_ERROR(ReadDimensions(arguments, 16384, spec));
  if (spec->width() == 0 && spec->height() == 0) return UsageError("--width or --height is missing");
  SPOOL_ASSIGN_OR_RETURN(const v1::Fit fit, EnumFlag<v1::Fit>(arguments, "fit"));
  spec->set_fit(fit);
  spec->set_no_upscale(arguments.Has("no-upscale"));
  spec->set_pad_color(arguments.Get("pad-color"));
  SPOOL_ASSIGN_OR_RETURN(const v1::CropGravity gravity, EnumFlag<v1::CropGravity>(arguments, "gravity"));
  if (arguments.Has("gravity") && fit != v1::FIT_COVER) return UsageError("--gravity needs --fit cover");
  spec->set_crop_gravity(gravity);
  SPOOL_ASSIGN_OR_RETURN(const v1::Container container, ContainerFlag(arguments, "container"));
  spec->set_container(container);
  return ReadCoding(arguments, spec);
}

absl::Status ReadConvert(const Arguments& arguments, v1::ConvertSpec* spec) {
  SPOOL_ASSIGN_OR_RETURN(const v1::Container container, ContainerFlag(arguments, "to"));
  spec->set_container(container);
  SPOOL_RETURN_IF_ERROR(ReadCoding(arguments, spec));
  if (arguments.Has("no-video")) {
    if (spec->has_video()) return UsageError("--no-video does not go together with settings of the video");
    spec->mutable_video()->set_drop(true);
  }
  spec->set_never_larger(arguments.Has("never-larger"));
  const bool asks_for_something = spec->container() != v1::CONTAINER_UNSPECIFIED || spec->has_trim() ||
                                  spec->has_video() || spec->has_audio() || arguments.Has("strip-metadata");
  if (!asks_for_something) return UsageError("nothing to do: name a format with --to");
  return absl::OkStatus();
}

// The flags that only a resize has.
std::vector<Flag> OwnResizeFlags() {
  return {
      {"width", "PIXELS", "New width, 2 to 16384. Without --height, the height follows from the aspect."},
      {"height", "PIXELS", "New height, 2 to 16384. Without --width, the width follows from the aspect."},
      FitFlag(),
      {"no-upscale", "", "Fail rather than enlarge the picture."},
      {"pad-color", "COLOUR", "Colour of the bars, and behind what is transparent: #RRGGBB or a name such as navy."},
      OneOfFlag<v1::CropGravity>("gravity", "PART", "Which part --fit cover keeps: "),
      OneOfFlag<v1::Container>("container", "FORMAT", "File format of the output: ", ". By default the input's."),
  };
}

// The flags that only a convert has.
std::vector<Flag> OwnConvertFlags() {
  return {
      OneOfFlag<v1::Container>("to", "FORMAT", "File format of the output: "),
      {"no-video", "", "Leave out all pictures."},
      {"never-larger", "", "Copy the streams after all if the output comes out larger than the input."},
  };
}

}  // namespace

std::vector<Flag> ResizeFlags() { return Joined(OwnResizeFlags(), CodingFlags()); }

std::vector<Flag> ConvertFlags() { return Joined(OwnConvertFlags(), CodingFlags()); }

std::vector<Flag> ThumbnailFlags() {
  return {
      {"at", "TIME", "Where in the video, such as 3s. By default a picture that stands for the video is looked for."},
      {"width", "PIXELS", "Width, 2 to 16384. Without it and --height: the video's own size."},
      {"height", "PIXELS", "Height, 2 to 16384."},
      FitFlag(),
      StillFormatFlag(),
      {"quality", "NUMBER", "JPEG and WebP: 1 to 100 (best); 85 by default."},
  };
}

std::vector<Flag> SpriteFlags() {
  return {
      {"interval", "TIME", "Time between pictures, such as 10s. By default as many as fit."},
      {"columns", "NUMBER", "Pictures in a row, 1 to 20; 10 by default."},
      {"rows", "NUMBER", "Most rows, 1 to 20; 10 by default."},
      {"tile-width", "PIXELS", "Width of one picture, 16 to 640; 160 by default."},
      StillFormatFlag(),
      {"quality", "NUMBER", "JPEG and WebP: 1 to 100 (best); 75 by default."},
  };
}

std::vector<Flag> PreviewFlags() {
  return {
      {"start", "TIME", "Where in the video it begins, such as 5s. By default at a tenth of its length."},
      {"duration", "TIME", "Its length, up to 60s; 3s by default."},
      {"width", "PIXELS", "Width, 2 to 1920; 320 by default."},
      {"height", "PIXELS", "Height, 2 to 1920."},
      {"fps", "RATE", "Frames a second, 0.1 to 50; 10 by default."},
      {"container", "FORMAT", "webp or gif; webp by default.", 0, Flag::Value::kRequired, {"webp", "gif"}},
      {"quality", "NUMBER", "WebP: 1 to 100 (best); 75 by default."},
  };
}

std::vector<Flag> RunFlags() {
  return {{"preset", "PRESET", "What to make, such as web-720p or web-720p@1; `spool presets` lists them."}};
}

std::vector<Flag> PlanFlags() {
  std::vector<Flag> flags = {{"run", "PRESET", "The plan of `spool run --preset PRESET`."}};
  return Joined(Joined(std::move(flags), OwnResizeFlags()), Joined(OwnConvertFlags(), CodingFlags()));
}

std::vector<Flag> JobFlags() {
  return {
      {"remote", "", "FILE is a path under the server's media root: nothing is uploaded."},
      {"wait", "", "Wait for the job's end and show its progress."},
      {"download", "PATH",
       "Fetch the result to PATH when the job is completed; of several outputs the first. Implies --wait."},
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
  SPOOL_RETURN_IF_ERROR(ReadResize(arguments, request.mutable_resize()));
  return request;
}

absl::StatusOr<v1::EnqueueRequest> ConvertRequest(const Arguments& arguments, absl::Time now) {
  v1::EnqueueRequest request;
  SPOOL_RETURN_IF_ERROR(ReadJob(arguments, now, &request));
  SPOOL_RETURN_IF_ERROR(ReadConvert(arguments, request.mutable_convert()));
  return request;
}

absl::StatusOr<v1::EnqueueRequest> ThumbnailRequest(const Arguments& arguments, absl::Time now) {
  v1::EnqueueRequest request;
  SPOOL_RETURN_IF_ERROR(ReadJob(arguments, now, &request));
  v1::ThumbnailSpec& spec = *request.mutable_thumbnail();
  SPOOL_ASSIGN_OR_RETURN(const auto at, LengthFlag(arguments, "at"));
  if (at.has_value()) *spec.mutable_at() = *at;
  SPOOL_RETURN_IF_ERROR(ReadDimensions(arguments, 16384, &spec));
  SPOOL_ASSIGN_OR_RETURN(const v1::Fit fit, EnumFlag<v1::Fit>(arguments, "fit"));
  spec.set_fit(fit);
  SPOOL_RETURN_IF_ERROR(ReadPicture(arguments, &spec));
  return request;
}

absl::StatusOr<v1::EnqueueRequest> SpriteRequest(const Arguments& arguments, absl::Time now) {
  v1::EnqueueRequest request;
  SPOOL_RETURN_IF_ERROR(ReadJob(arguments, now, &request));
  v1::SpriteSheetSpec& spec = *request.mutable_sprite_sheet();
  SPOOL_ASSIGN_OR_RETURN(const auto interval, LengthFlag(arguments, "interval"));
  if (interval.has_value()) *spec.mutable_interval() = *interval;
  SPOOL_ASSIGN_OR_RETURN(const auto columns, IntegerFlag(arguments, "columns", 1, 20));
  SPOOL_ASSIGN_OR_RETURN(const auto rows, IntegerFlag(arguments, "rows", 1, 20));
  SPOOL_ASSIGN_OR_RETURN(const auto tile_width, IntegerFlag(arguments, "tile-width", 16, 640));
  spec.set_columns(columns.value_or(0));
  spec.set_rows(rows.value_or(0));
  spec.set_tile_width(tile_width.value_or(0));
  SPOOL_RETURN_IF_ERROR(ReadPicture(arguments, &spec));
  return request;
}

absl::StatusOr<v1::EnqueueRequest> PreviewRequest(const Arguments& arguments, absl::Time now) {
  v1::EnqueueRequest request;
  SPOOL_RETURN_IF_ERROR(ReadJob(arguments, now, &request));
  v1::PreviewSpec& spec = *request.mutable_preview();
  SPOOL_ASSIGN_OR_RETURN(const auto start, LengthFlag(arguments, "start"));
  if (start.has_value()) *spec.mutable_start() = *start;
  SPOOL_ASSIGN_OR_RETURN(const auto duration, LengthFlag(arguments, "duration"));
  if (duration.has_value()) *spec.mutable_duration() = *duration;
  SPOOL_RETURN_IF_ERROR(ReadDimensions(arguments, 1920, &spec));
  SPOOL_ASSIGN_OR_RETURN(const auto rate, FrameRateFlag(arguments, "fps"));
  spec.set_frame_rate(rate.value_or(0));
  SPOOL_RETURN_IF_ERROR(ReadPicture(arguments, &spec));
  return request;
}

absl::StatusOr<v1::EnqueueRequest> RunRequest(const Arguments& arguments, absl::Time now) {
  if (arguments.Get("preset").empty()) return UsageError("--preset is missing; `spool presets` lists them");
  v1::EnqueueRequest request;
  SPOOL_RETURN_IF_ERROR(ReadJob(arguments, now, &request));
  request.set_preset(arguments.Get("preset"));
  return request;
}

absl::StatusOr<v1::EnqueueRequest> PlanRequest(const Arguments& arguments, absl::Time now) {
  if (!arguments.Has("run")) {
    const bool resizes = arguments.Has("width") || arguments.Has("height");
    for (const Flag& flag : resizes ? OwnConvertFlags() : OwnResizeFlags()) {
      if (!arguments.Has(flag.name)) continue;
      return UsageError(absl::StrCat("--", flag.name, resizes ? " is not for a resize" : " needs --width or --height"));
    }
    return resizes ? ResizeRequest(arguments, now) : ConvertRequest(arguments, now);
  }
  v1::EnqueueRequest request;
  SPOOL_RETURN_IF_ERROR(ReadJob(arguments, now, &request));
  request.set_preset(arguments.Get("run"));
  return request;
}

}  // namespace spool::cli

#include "server/media/run.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/av/error.h"
#include "server/av/failure.h"
#include "server/av/input.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"
#include "server/media/check.h"
#include "server/media/damage.h"
#include "server/media/pipeline.h"
#include "server/media/probe.h"

namespace spool::media {
namespace {

absl::StatusOr<std::unique_ptr<av::Input>> OpenInput(int fd, const RunOptions& options) {
  if (options.limits.max_alloc_bytes > 0) av_max_alloc(options.limits.max_alloc_bytes);
  av::InputOptions input;
  input.extension = options.input_extension;
  input.max_pixels = options.limits.max_pixels;
  input.max_streams = options.limits.max_streams;
  return av::Input::Open(fd, input);
}

// The length of the output's timeline, as far as the input's header is to be believed; zero when unknown.
absl::Duration ExpectedDuration(const InputFacts& facts, const Plan& plan) {
  if (!facts.info.has_duration()) return absl::ZeroDuration();
  const absl::Duration end = std::min(plan.range.end, FromProto(facts.info.duration()));
  return std::max(end - plan.range.start, absl::ZeroDuration());
}

const VideoTarget* EncodedVideo(const Plan& plan) {
  return plan.main_video < 0 ? nullptr : std::get_if<VideoTarget>(&plan.streams[plan.main_video].target);
}

absl::Status CheckPlan(const Plan& plan, absl::Duration duration, const RunLimits& limits) {
  const VideoTarget* video = EncodedVideo(plan);
  if (video != nullptr && limits.max_pixels > 0 &&
      int64_t{video->size.width} * video->size.height > limits.max_pixels) {
    return av::Failure(av::Reason::kLimitExceeded,
                       absl::StrCat("the output would be ", video->size.width, "x", video->size.height, ", more than ",
                                    limits.max_pixels, " pixels"));
  }
  if (limits.max_media_duration > absl::ZeroDuration() && duration > limits.max_media_duration) {
    return av::Failure(av::Reason::kLimitExceeded,
                       absl::StrCat("the output would last ", absl::FormatDuration(duration), ", more than ",
                                    absl::FormatDuration(limits.max_media_duration)));
  }
  return absl::OkStatus();
}

ProgressMeter::Whole WholeOf(const InputFacts& facts, const Plan& plan, absl::Duration duration) {
  const VideoTarget* video = EncodedVideo(plan);
  ProgressMeter::Whole whole;
  whole.bytes = facts.info.bytes();
  if (facts.info.still_image() || (video != nullptr && video->one_frame)) {
    whole.frames = 1;
  } else {
    whole.duration = duration;
    if (plan.main_video >= 0) whole.frames = facts.streams[plan.main_video].frames;
  }
  return whole;
}

// A file that promised more than it held was cut short on its way here.
void NoteShortfall(absl::Duration expected, absl::Duration actual, Damage& damage) {
  // Containers round, and estimate; of a short clip a second may be all there is.
  const absl::Duration slack = std::max(std::min(absl::Seconds(1), expected / 3), expected * 0.05);
  if (expected <= absl::ZeroDuration() || actual >= expected - slack) return;
  damage.Add(absl::StrFormat("the input says that it lasts %s, but only %s of it (%.0f %%) could be read",
                             absl::FormatDuration(expected), absl::FormatDuration(actual),
                             100 * absl::FDivDuration(actual, expected)));
}

}  // namespace

absl::StatusOr<v1::MediaInfo> ProbeFile(int input_fd, const RunOptions& options) {
  SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<av::Input> input, OpenInput(input_fd, options));
  SPOOL_ASSIGN_OR_RETURN(InputFacts facts, Probe(*input, input_fd));
  return std::move(facts.info);
}

absl::StatusOr<v1::JobResult> RunTask(const Task& task, const RunOptions& options, int input_fd, int output_fd,
                                      Stopwatch stopwatch, ProgressSink sink) {
  SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<av::Input> input, OpenInput(input_fd, options));
  SPOOL_ASSIGN_OR_RETURN(const InputFacts facts, Probe(*input, input_fd));
  SPOOL_ASSIGN_OR_RETURN(const Plan plan, MakePlan(facts, task));
  const absl::Duration duration = ExpectedDuration(facts, plan);
  SPOOL_RETURN_IF_ERROR(CheckPlan(plan, duration, options.limits));

  ProgressMeter progress(WholeOf(facts, plan, duration), std::move(stopwatch), std::move(sink));
  Damage damage;
  ProgressMeter::Done done;
  std::vector<v1::StreamOutcome> outcomes;
  Expected expected;
  {
    SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<Pipeline> pipeline,
                           Pipeline::Create(input.get(), facts, plan, options, output_fd, &progress, &damage));
    SPOOL_RETURN_IF_ERROR(pipeline->Run());
    SPOOL_ASSIGN_OR_RETURN(expected.streams, pipeline->WrittenStreams());
    outcomes = pipeline->outcomes();
    done = pipeline->done();
  }

  const VideoTarget* video = EncodedVideo(plan);
  const bool one_frame = video != nullptr && video->one_frame;
  if (video != nullptr) expected.size = video->size;
  expected.duration = done.media_time;
  SPOOL_ASSIGN_OR_RETURN(v1::JobResult result, CheckOutput(output_fd, plan.container, expected));
  if (fdatasync(output_fd) != 0) return av::AvError(AVERROR(errno), "flush the output", av::Reason::kIoError);

  if (!one_frame) NoteShortfall(duration, done.media_time, damage);
  result.set_frames(done.frames);
  for (v1::StreamOutcome& outcome : outcomes) *result.add_streams() = std::move(outcome);
  for (const std::string& warning : plan.warnings) result.add_warnings(warning);
  for (std::string& warning : damage.Warnings()) result.add_warnings(std::move(warning));
  progress.Finish(done);
  return result;
}

}  // namespace spool::media

#include "server/job/request.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "server/base/errors.h"
#include "server/base/proto_time.h"
#include "server/base/sha256.h"
#include "server/base/status_macros.h"
#include "server/job/output_name.h"
#include "server/job/retry_policy.h"

namespace spool::job {
namespace {

constexpr absl::string_view kUploadPrefix = "upload:";

bool IsIdCharacter(char c) { return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-'; }

absl::Status CheckJobId(absl::string_view id) {
  if (id.size() > 128) return FieldError("job_id", "is longer than 128 characters");
  if (!absl::ascii_isalnum(id[0])) return FieldError("job_id", "must begin with a letter or digit");
  for (const char c : id) {
    if (!IsIdCharacter(c)) return FieldError("job_id", "may hold only [A-Za-z0-9._-]");
  }
  return absl::OkStatus();
}

absl::Status CheckRequestId(absl::string_view id) {
  if (id.size() > 128) return FieldError("request_id", "is longer than 128 characters");
  for (const char c : id) {
    if (!absl::ascii_isgraph(c)) return FieldError("request_id", "may hold only printable ASCII without spaces");
  }
  return absl::OkStatus();
}

absl::Status CheckText(absl::string_view field, absl::string_view text, size_t max_bytes) {
  if (text.size() > max_bytes) return FieldError(field, absl::StrCat("is longer than ", max_bytes, " bytes"));
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return FieldError(field, "has a control character");
  }
  return absl::OkStatus();
}

absl::Status CheckLabels(const google::protobuf::Map<std::string, std::string>& labels) {
  if (labels.size() > 32) return FieldError("labels", "has more than 32 entries");
  for (const auto& [key, value] : labels) {
    bool good = !key.empty() && key.size() <= 63 && (absl::ascii_islower(key[0]) || absl::ascii_isdigit(key[0]));
    for (const char c : key) {
      good = good && (absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '.' || c == '_' || c == '/' || c == '-');
    }
    if (!good) return FieldError("labels", "has a key that is not [a-z0-9][a-z0-9._/-]{0,62}");
    SPOOL_RETURN_IF_ERROR(CheckText(absl::StrCat("labels.", key), value, 256));
  }
  return absl::OkStatus();
}

absl::Status CheckDuration(absl::string_view field, const google::protobuf::Duration& duration, absl::Duration least,
                           absl::Duration most) {
  if (duration.nanos() <= -1000000000 || duration.nanos() >= 1000000000 ||
      (duration.seconds() != 0 && duration.nanos() != 0 && (duration.seconds() < 0) != (duration.nanos() < 0))) {
    return FieldError(field, "is not a valid duration");
  }
  const absl::Duration value = FromProto(duration);
  if (value < least || value > most) {
    return FieldError(field, absl::StrCat("must be ", absl::FormatDuration(least), " to ", absl::FormatDuration(most)));
  }
  return absl::OkStatus();
}

absl::Status CheckRetryPolicy(const v1::RetryPolicy& policy) {
  if (policy.max_retries() < 0 || policy.max_retries() > 100) {
    return FieldError("retry_policy.max_retries", "must be 0 to 100");
  }
  if (policy.has_initial_backoff()) {
    SPOOL_RETURN_IF_ERROR(
        CheckDuration("retry_policy.initial_backoff", policy.initial_backoff(), absl::ZeroDuration(), absl::Hours(1)));
  }
  if (policy.has_max_backoff()) {
    SPOOL_RETURN_IF_ERROR(
        CheckDuration("retry_policy.max_backoff", policy.max_backoff(), absl::ZeroDuration(), absl::Hours(24)));
    if (policy.has_initial_backoff() && FromProto(policy.max_backoff()) < FromProto(policy.initial_backoff())) {
      return FieldError("retry_policy.max_backoff", "is less than initial_backoff");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckLimits(const v1::JobLimits& limits) {
  const absl::Duration least = absl::Milliseconds(1);
  const absl::Duration most = absl::Hours(24 * 365);
  if (limits.has_max_queue_time()) {
    SPOOL_RETURN_IF_ERROR(CheckDuration("limits.max_queue_time", limits.max_queue_time(), least, most));
  }
  if (limits.has_max_run_time()) {
    SPOOL_RETURN_IF_ERROR(CheckDuration("limits.max_run_time", limits.max_run_time(), least, most));
  }
  if (limits.has_max_stall_time()) {
    SPOOL_RETURN_IF_ERROR(CheckDuration("limits.max_stall_time", limits.max_stall_time(), least, most));
  }
  return absl::OkStatus();
}

bool IsStill(v1::Container container) {
  return container == v1::CONTAINER_JPEG || container == v1::CONTAINER_PNG || container == v1::CONTAINER_WEBP;
}

absl::Status CheckVideo(absl::string_view prefix, const v1::VideoOptions& video, v1::Container container) {
  const auto field = [prefix](absl::string_view name) { return absl::StrCat(prefix, ".video.", name); };
  if (!v1::VideoCodec_IsValid(video.codec())) return FieldError(field("codec"), "is not a known codec");
  const int max_quality = IsStill(container)                                                               ? 100
                          : video.codec() == v1::VIDEO_CODEC_H264 || video.codec() == v1::VIDEO_CODEC_HEVC ? 51
                          : video.codec() == v1::VIDEO_CODEC_VP9 || video.codec() == v1::VIDEO_CODEC_AV1   ? 63
                                                                                                           : 100;
  if (video.quality() < 0 || video.quality() > max_quality) {
    return FieldError(field("quality"), absl::StrCat("must be 0 to ", max_quality));
  }
  if (video.bitrate_bps() != 0 && (video.bitrate_bps() < 10000 || video.bitrate_bps() > 1000000000)) {
    return FieldError(field("bitrate_bps"), "must be 0, or 10000 to 1000000000");
  }
  if (video.bitrate_bps() != 0 && video.quality() != 0) {
    return FieldError(field("bitrate_bps"), "excludes quality: give one of them");
  }
  if (video.codec() == v1::VIDEO_CODEC_COPY &&
      (video.bitrate_bps() != 0 || video.quality() != 0 || !video.preset().empty())) {
    return FieldError(field("codec"), "COPY takes no quality, bitrate or preset");
  }
  if (video.preset().size() > 16) return FieldError(field("preset"), "is longer than 16 characters");
  for (const char c : video.preset()) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c))
      return FieldError(field("preset"), "may hold only [a-z0-9]");
  }
  return absl::OkStatus();
}

absl::Status CheckAudio(absl::string_view prefix, const v1::AudioOptions& audio) {
  const auto field = [prefix](absl::string_view name) { return absl::StrCat(prefix, ".audio.", name); };
  if (!v1::AudioCodec_IsValid(audio.codec())) return FieldError(field("codec"), "is not a known codec");
  if (audio.bitrate_bps() != 0 && (audio.bitrate_bps() < 6000 || audio.bitrate_bps() > 1024000)) {
    return FieldError(field("bitrate_bps"), "must be 0, or 6000 to 1024000");
  }
  if (audio.codec() == v1::AUDIO_CODEC_COPY && audio.bitrate_bps() != 0) {
    return FieldError(field("bitrate_bps"), "has no meaning with COPY");
  }
  if (audio.mute() && (audio.codec() != v1::AUDIO_CODEC_UNSPECIFIED || audio.bitrate_bps() != 0)) {
    return FieldError(field("mute"), "excludes the other audio options");
  }
  return absl::OkStatus();
}

absl::Status CheckDimension(absl::string_view field, int32_t value) {
  if (value != 0 && (value < 2 || value > 16384)) return FieldError(field, "must be 2 to 16384 display pixels");
  return absl::OkStatus();
}

absl::Status CheckResize(const v1::ResizeSpec& spec) {
  if (spec.width() == 0 && spec.height() == 0) return FieldError("resize.width", "width, height or both are required");
  SPOOL_RETURN_IF_ERROR(CheckDimension("resize.width", spec.width()));
  SPOOL_RETURN_IF_ERROR(CheckDimension("resize.height", spec.height()));
  if (!v1::Fit_IsValid(spec.fit())) return FieldError("resize.fit", "is not a known fit");
  if (!v1::Container_IsValid(spec.container())) return FieldError("resize.container", "is not a known container");
  if (spec.video().codec() == v1::VIDEO_CODEC_COPY) {
    return FieldError("resize.video.codec", "COPY cannot change dimensions");
  }
  SPOOL_RETURN_IF_ERROR(CheckVideo("resize", spec.video(), spec.container()));
  return CheckAudio("resize", spec.audio());
}

absl::Status CheckConvert(const v1::ConvertSpec& spec) {
  if (!v1::Container_IsValid(spec.container())) return FieldError("convert.container", "is not a known container");
  if (spec.container() == v1::CONTAINER_UNSPECIFIED && !spec.has_video() && !spec.has_audio() && !spec.has_trim()) {
    return FieldError("convert.container", "is required unless video, audio or trim asks for a change");
  }
  SPOOL_RETURN_IF_ERROR(CheckVideo("convert", spec.video(), spec.container()));
  SPOOL_RETURN_IF_ERROR(CheckAudio("convert", spec.audio()));
  if (spec.has_trim()) {
    const absl::Duration most = absl::Hours(24 * 365);
    if (!spec.trim().has_start() && !spec.trim().has_duration()) {
      return FieldError("convert.trim", "needs start, duration or both");
    }
    if (spec.trim().has_start()) {
      SPOOL_RETURN_IF_ERROR(CheckDuration("convert.trim.start", spec.trim().start(), absl::ZeroDuration(), most));
    }
    if (spec.trim().has_duration()) {
      SPOOL_RETURN_IF_ERROR(
          CheckDuration("convert.trim.duration", spec.trim().duration(), absl::Milliseconds(1), most));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckInput(absl::string_view input) {
  if (absl::StartsWith(input, kUploadPrefix)) {
    return IsUlid(UploadIdOf(input)) ? absl::OkStatus() : FieldError("input", "is not the id of an upload");
  }
  if (absl::Status status = CheckRelativePath(input); !status.ok()) return FieldError("input", status.message());
  return absl::OkStatus();
}

// Map fields are written in key order, so equal requests give equal bytes.
std::string Fingerprint(v1::EnqueueRequest request) {
  request.clear_job_id();
  request.clear_request_id();
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  return Sha256Of(bytes).substr(0, 16);
}

std::string MakeId(const v1::Job& job, absl::Time now, UlidSource& ulids) {
  std::string video = job.video_id().substr(0, 64);
  for (char& c : video) {
    if (!IsIdCharacter(c)) c = '_';
  }
  const absl::string_view type = job.type() == v1::JOB_TYPE_RESIZE ? "resize" : "convert";
  return absl::StrCat(type, "-", video, video.empty() ? "" : "-", ulids.Next(now));
}

}  // namespace

absl::string_view UploadIdOf(absl::string_view input) {
  return absl::ConsumePrefix(&input, kUploadPrefix) ? input : absl::string_view();
}

absl::StatusOr<NewJob> MakeJob(const v1::EnqueueRequest& request, absl::Time now, UlidSource& ulids) {
  if (!request.job_id().empty()) SPOOL_RETURN_IF_ERROR(CheckJobId(request.job_id()));
  SPOOL_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  SPOOL_RETURN_IF_ERROR(CheckText("video_id", request.video_id(), 128));
  SPOOL_RETURN_IF_ERROR(CheckInput(request.input()));
  if (!request.output().empty()) {
    if (absl::Status status = CheckRelativePath(request.output()); !status.ok()) {
      return FieldError("output", status.message());
    }
    if (request.output().front() == '.') return FieldError("output", "must not begin with a dot");
  }
  if (request.priority() < -1000 || request.priority() > 1000) return FieldError("priority", "must be -1000 to 1000");
  SPOOL_RETURN_IF_ERROR(CheckLabels(request.labels()));
  SPOOL_RETURN_IF_ERROR(CheckRetryPolicy(request.retry_policy()));
  SPOOL_RETURN_IF_ERROR(CheckLimits(request.limits()));

  NewJob made;
  v1::Job& job = made.job;
  switch (request.spec_case()) {
    case v1::EnqueueRequest::kResize:
      SPOOL_RETURN_IF_ERROR(CheckResize(request.resize()));
      job.set_type(v1::JOB_TYPE_RESIZE);
      *job.mutable_resize() = request.resize();
      break;
    case v1::EnqueueRequest::kConvert:
      SPOOL_RETURN_IF_ERROR(CheckConvert(request.convert()));
      job.set_type(v1::JOB_TYPE_CONVERT);
      *job.mutable_convert() = request.convert();
      break;
    case v1::EnqueueRequest::SPEC_NOT_SET:
      return FieldError("spec", "resize or convert is required");
  }
  if (request.has_run_at()) {
    // The range that timestamp.proto allows: years 1 to 9999.
    if (request.run_at().seconds() < -62135596800 || request.run_at().seconds() > 253402300799 ||
        request.run_at().nanos() < 0 || request.run_at().nanos() > 999999999) {
      return FieldError("run_at", "is not a valid time");
    }
    if (FromProto(request.run_at()) > now + absl::Hours(24 * 366)) {
      return FieldError("run_at", "is more than a year ahead");
    }
    *job.mutable_run_at() = request.run_at();
  }
  job.set_video_id(request.video_id());
  job.set_input(request.input());
  job.set_output(request.output());
  job.set_priority(request.priority());
  *job.mutable_labels() = request.labels();
  *job.mutable_retry_policy() = WithDefaults(request.retry_policy());
  if (request.has_limits()) *job.mutable_limits() = request.limits();
  job.set_id(request.job_id().empty() ? MakeId(job, now, ulids) : request.job_id());
  made.request_id = request.request_id();
  made.fingerprint = Fingerprint(request);
  return made;
}

Lane LaneOf(const v1::Job& job) {
  v1::Container container = job.has_resize() ? job.resize().container() : job.convert().container();
  if (container == v1::CONTAINER_UNSPECIFIED) container = ContainerOfPath(job.output());
  if (container == v1::CONTAINER_UNSPECIFIED) container = ContainerOfPath(job.input());
  return IsStill(container) ? Lane::kShort : Lane::kLong;
}

}  // namespace spool::job

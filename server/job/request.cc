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
#include "server/job/field_check.h"
#include "server/job/output_name.h"
#include "server/job/presets.h"
#include "server/job/retry_policy.h"
#include "server/job/spec.h"

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
  const absl::Duration most = kLongest;
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

absl::Status CheckRunAt(const google::protobuf::Timestamp& run_at, absl::Time now) {
  // The range that timestamp.proto allows: years 1 to 9999.
  if (run_at.seconds() < -62135596800 || run_at.seconds() > 253402300799 || run_at.nanos() < 0 ||
      run_at.nanos() > 999999999) {
    return FieldError("run_at", "is not a valid time");
  }
  if (FromProto(run_at) > now + absl::Hours(24 * 366)) return FieldError("run_at", "is more than a year ahead");
  return absl::OkStatus();
}

// How a type is written in ids.
absl::string_view NameOf(v1::JobType type) {
  switch (type) {
    case v1::JOB_TYPE_RESIZE:
      return "resize";
    case v1::JOB_TYPE_CONVERT:
      return "convert";
    case v1::JOB_TYPE_THUMBNAIL:
      return "thumbnail";
    case v1::JOB_TYPE_SPRITE_SHEET:
      return "sprite-sheet";
    case v1::JOB_TYPE_PREVIEW:
      return "preview";
    case v1::JOB_TYPE_OUTPUTS:
      return "outputs";
    case v1::JOB_TYPE_UNSPECIFIED:
    case v1::JobType_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::JobType_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return "job";
}

std::string MakeId(const v1::Job& job, absl::Time now, UlidSource& ulids) {
  std::string video = job.video_id().substr(0, 64);
  for (char& c : video) {
    if (!IsIdCharacter(c)) c = '_';
  }
  return absl::StrCat(NameOf(job.type()), "-", video, video.empty() ? "" : "-", ulids.Next(now));
}

bool IsStill(v1::Container container) {
  return container == v1::CONTAINER_JPEG || container == v1::CONTAINER_PNG || container == v1::CONTAINER_WEBP;
}

// The containers that hold nearly the same codecs, so that going from one to another copies.
bool IsOfMp4Family(v1::Container container) {
  return container == v1::CONTAINER_MP4 || container == v1::CONTAINER_MOV || container == v1::CONTAINER_MKV;
}

// Whether the video's packets will most likely be copied.
bool IsLikelyRemux(const v1::ConvertSpec& spec, v1::Container from, v1::Container to) {
  if (spec.video().codec() == v1::VIDEO_CODEC_COPY) return true;
  // A part that does not begin with a key frame is encoded.
  if (spec.has_trim() || spec.video().ByteSizeLong() > 0) return false;
  v1::AudioOptions audio = spec.audio();
  audio.clear_mute();
  return audio.ByteSizeLong() == 0 && IsOfMp4Family(from) && IsOfMp4Family(to);
}

bool TakesAMoment(const v1::Job& job, const v1::OutputSpec& output) {
  if (output.has_thumbnail() || output.has_preview()) return true;
  if (output.has_sprite_sheet()) return false;
  const v1::Container from = ContainerOfPath(job.input());
  v1::Container to = ContainerOf(output);
  if (to == v1::CONTAINER_UNSPECIFIED) to = ContainerOfPath(output.output());
  if (to == v1::CONTAINER_UNSPECIFIED) to = from;
  return IsStill(to) || (output.has_convert() && IsLikelyRemux(output.convert(), from, to));
}

Lane LaneOf(const v1::Job& job) {
  for (const v1::OutputSpec& output : OutputsOf(job)) {
    if (!TakesAMoment(job, output)) return Lane::kLong;
  }
  return Lane::kShort;
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
  if (request.priority() < -1000 || request.priority() > 1000) return FieldError("priority", "must be -1000 to 1000");
  SPOOL_RETURN_IF_ERROR(CheckLabels(request.labels()));
  SPOOL_RETURN_IF_ERROR(CheckRetryPolicy(request.retry_policy()));
  SPOOL_RETURN_IF_ERROR(CheckLimits(request.limits()));

  if (request.has_run_at()) SPOOL_RETURN_IF_ERROR(CheckRunAt(request.run_at(), now));

  NewJob made;
  v1::Job& job = made.job;
  if (request.has_preset()) {
    SPOOL_ASSIGN_OR_RETURN(const v1::Preset* const preset, FindPreset(request.preset()));
    CopySpec(*preset, job);
    job.set_preset(NameOf(*preset));
  } else {
    CopySpec(request, job);
  }
  job.set_type(TypeOf(job));
  if (job.type() == v1::JOB_TYPE_UNSPECIFIED) {
    return FieldError("spec",
                      "what to do is required: resize, convert, thumbnail, sprite_sheet, preview, outputs or preset");
  }
  job.set_video_id(request.video_id());
  job.set_id(request.job_id().empty() ? MakeId(job, now, ulids) : request.job_id());
  job.set_input(request.input());
  job.set_output(request.output());
  SPOOL_RETURN_IF_ERROR(CheckSpec(job));
  if (job.has_outputs()) NameOutputs(*job.mutable_outputs());
  job.set_priority(request.priority());
  *job.mutable_labels() = request.labels();
  *job.mutable_retry_policy() = WithDefaults(request.retry_policy());
  if (request.has_limits()) *job.mutable_limits() = request.limits();
  if (request.has_run_at()) *job.mutable_run_at() = request.run_at();
  made.request_id = request.request_id();
  made.fingerprint = Fingerprint(request);
  made.lane = LaneOf(job);
  return made;
}

}  // namespace spool::job

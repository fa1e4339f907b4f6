#include "server/job/spec.h"

#include <cmath>
#include <initializer_list>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/errors.h"
#include "server/base/status_macros.h"
#include "server/job/field_check.h"
#include "server/job/output_name.h"
#include "server/job/pad_color.h"

namespace spool::job {
namespace {

constexpr int kMaxOutputs = 16;

// A message of the request and where it stands there: names its fields as paths.
class Path {
 public:
  explicit Path(std::string text) : text_(std::move(text)) {}
  std::string operator()(absl::string_view field) const { return absl::StrCat(text_, ".", field); }
  Path In(absl::string_view message) const { return Path((*this)(message)); }
  const std::string& text() const { return text_; }

 private:
  const std::string text_;
};

bool IsStill(v1::Container container) {
  return container == v1::CONTAINER_JPEG || container == v1::CONTAINER_PNG || container == v1::CONTAINER_WEBP;
}

// Zero, which leaves the choice to Spool, or within the range.
template <typename Number>
absl::Status CheckRange(const std::string& field, Number value, Number least, Number most) {
  if (value == 0 || (value >= least && value <= most)) return absl::OkStatus();
  return FieldError(field, absl::StrCat("must be 0, or ", least, " to ", most));
}

// For what is absent unless it is given.
absl::Status CheckLevel(const std::string& field, bool given, double value, double least, double most) {
  if (!given || (value >= least && value <= most)) return absl::OkStatus();
  return FieldError(field, absl::StrCat("must be ", least, " to ", most));
}

absl::Status CheckQuality(const std::string& field, int quality, int most) {
  if (quality >= 0 && quality <= most) return absl::OkStatus();
  return FieldError(field, absl::StrCat("must be 0 to ", most));
}

template <typename Enum>
absl::Status CheckKnown(const std::string& field, Enum value, bool known) {
  if (known) return absl::OkStatus();
  return FieldError(field, absl::StrCat(static_cast<int>(value), " is not known"));
}

absl::Status CheckContainer(const std::string& field, v1::Container container) {
  return CheckKnown(field, container, v1::Container_IsValid(container));
}

// `container`, or if that is UNSPECIFIED the one that the output's name asks for, must be one of `allowed`.
absl::Status CheckContainerAmong(const std::string& field, v1::Container container, const std::string& output_field,
                                 absl::string_view output, std::initializer_list<v1::Container> allowed) {
  const auto is_allowed = [&](v1::Container c) {
    return c == v1::CONTAINER_UNSPECIFIED || absl::c_linear_search(allowed, c);
  };
  std::string names;
  for (const v1::Container one : allowed) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", absl::AsciiStrToUpper(ExtensionOf(one)));
  }
  if (!is_allowed(container)) return FieldError(field, absl::StrCat("must be one of ", names));
  if (container == v1::CONTAINER_UNSPECIFIED && !is_allowed(ContainerOfPath(output))) {
    return FieldError(output_field, absl::StrCat("has the extension of a format that this is not; it may be ", names));
  }
  return absl::OkStatus();
}

int MaxQuality(v1::VideoCodec codec, v1::Container container) {
  if (IsStill(container)) return 100;
  if (codec == v1::VIDEO_CODEC_H264 || codec == v1::VIDEO_CODEC_HEVC) return 51;
  if (codec == v1::VIDEO_CODEC_VP9 || codec == v1::VIDEO_CODEC_AV1) return 63;
  return 100;
}

// Whether anything is set besides what `clear` clears.
template <typename Options>
bool HasMore(Options options, void (Options::*clear)()) {
  (options.*clear)();
  return options.ByteSizeLong() > 0;
}

absl::Status CheckVideoRates(const Path& path, const v1::VideoOptions& video) {
  SPOOL_RETURN_IF_ERROR(CheckRange<int64_t>(path("bitrate_bps"), video.bitrate_bps(), 10000, 1000000000));
  if (video.bitrate_bps() != 0 && video.quality() != 0) {
    return FieldError(path("bitrate_bps"), "excludes quality: give one of them");
  }
  SPOOL_RETURN_IF_ERROR(CheckRange<int64_t>(path("target_bytes"), video.target_bytes(), 10000, int64_t{1} << 40));
  if (video.target_bytes() != 0 && (video.quality() != 0 || video.bitrate_bps() != 0)) {
    return FieldError(path("target_bytes"), "excludes quality and bitrate_bps: give one of them");
  }
  if (video.two_pass()) {
    if (video.bitrate_bps() == 0 && video.target_bytes() == 0) {
      return FieldError(path("two_pass"), "needs bitrate_bps or target_bytes");
    }
    if (video.codec() == v1::VIDEO_CODEC_AV1) return FieldError(path("two_pass"), "is not for AV1");
  }
  return absl::OkStatus();
}

// Settings of a stream of frames, which a still is not, and of coding that depends on others, which a GIF's is not.
absl::Status CheckMeaning(const Path& path, const v1::VideoOptions& video, v1::Container container) {
  const bool gif = container == v1::CONTAINER_GIF;
  if (!gif && !IsStill(container)) return absl::OkStatus();
  const struct {
    const char* field;
    bool given;
  } settings[] = {{"target_bytes", video.target_bytes() != 0},
                  {"two_pass", video.two_pass()},
                  {"keyframe_interval", video.has_keyframe_interval()},
                  {"frame_rate", video.frame_rate() != 0 && !gif}};
  for (const auto& setting : settings) {
    if (setting.given) return FieldError(path(setting.field), gif ? "is not for a GIF" : "is not for a still");
  }
  return absl::OkStatus();
}

absl::Status CheckVideo(const Path& path, const v1::VideoOptions& video, v1::Container container) {
  SPOOL_RETURN_IF_ERROR(CheckKnown(path("codec"), video.codec(), v1::VideoCodec_IsValid(video.codec())));
  if (video.drop()) {
    if (HasMore(video, &v1::VideoOptions::clear_drop)) {
      return FieldError(path("drop"), "excludes the other video options");
    }
    if (IsStill(container) || container == v1::CONTAINER_GIF) return FieldError(path("drop"), "leaves nothing");
  }
  if (video.codec() == v1::VIDEO_CODEC_COPY && HasMore(video, &v1::VideoOptions::clear_codec)) {
    return FieldError(path("codec"), "COPY takes no encoder settings");
  }
  SPOOL_RETURN_IF_ERROR(CheckQuality(path("quality"), video.quality(), MaxQuality(video.codec(), container)));
  SPOOL_RETURN_IF_ERROR(CheckMeaning(path, video, container));
  SPOOL_RETURN_IF_ERROR(CheckVideoRates(path, video));
  if (video.preset().size() > 16) return FieldError(path("preset"), "is longer than 16 characters");
  for (const char c : video.preset()) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c)) return FieldError(path("preset"), "may hold only [a-z0-9]");
  }
  if (video.has_keyframe_interval()) {
    SPOOL_RETURN_IF_ERROR(CheckDuration(path("keyframe_interval"), video.keyframe_interval(), absl::Milliseconds(100),
                                        absl::Seconds(60)));
  }
  SPOOL_RETURN_IF_ERROR(
      CheckKnown(path("pixel_format"), video.pixel_format(), v1::PixelFormat_IsValid(video.pixel_format())));
  SPOOL_RETURN_IF_ERROR(CheckKnown(path("scaler"), video.scaler(), v1::Scaler_IsValid(video.scaler())));
  const bool is_420 =
      video.pixel_format() != v1::PIXEL_FORMAT_YUV422P && video.pixel_format() != v1::PIXEL_FORMAT_YUV444P;
  if (video.codec() == v1::VIDEO_CODEC_AV1 && !is_420) return FieldError(path("pixel_format"), "is not one of AV1's");
  SPOOL_RETURN_IF_ERROR(CheckRange(path("frame_rate"), video.frame_rate(), 0.1, 240.0));
  return absl::OkStatus();
}

absl::Status CheckAudio(const Path& path, const v1::AudioOptions& audio) {
  SPOOL_RETURN_IF_ERROR(CheckKnown(path("codec"), audio.codec(), v1::AudioCodec_IsValid(audio.codec())));
  SPOOL_RETURN_IF_ERROR(CheckRange<int64_t>(path("bitrate_bps"), audio.bitrate_bps(), 6000, 1024000));
  SPOOL_RETURN_IF_ERROR(CheckRange(path("sample_rate"), audio.sample_rate(), 8000, 96000));
  SPOOL_RETURN_IF_ERROR(CheckRange(path("channels"), audio.channels(), 1, 8));
  const Path loudness = path.In("loudness");
  const v1::Loudness& target = audio.loudness();
  SPOOL_RETURN_IF_ERROR(
      CheckLevel(loudness("integrated_lufs"), target.has_integrated_lufs(), target.integrated_lufs(), -70, -5));
  SPOOL_RETURN_IF_ERROR(
      CheckLevel(loudness("true_peak_dbtp"), target.has_true_peak_dbtp(), target.true_peak_dbtp(), -9, 0));
  SPOOL_RETURN_IF_ERROR(CheckLevel(loudness("range_lu"), target.has_range_lu(), target.range_lu(), 1, 50));
  if (audio.mute() && HasMore(audio, &v1::AudioOptions::clear_mute)) {
    return FieldError(path("mute"), "excludes the other audio options");
  }
  if (audio.codec() == v1::AUDIO_CODEC_COPY && HasMore(audio, &v1::AudioOptions::clear_codec)) {
    return FieldError(path("codec"), "COPY takes no encoder settings");
  }
  return absl::OkStatus();
}

absl::Status CheckTrim(const Path& path, const v1::Trim& trim) {
  if (!trim.has_start() && !trim.has_duration()) return FieldError(path.text(), "needs start, duration or both");
  if (trim.has_start()) {
    SPOOL_RETURN_IF_ERROR(CheckDuration(path("start"), trim.start(), absl::ZeroDuration(), kLongest));
  }
  if (trim.has_duration()) {
    SPOOL_RETURN_IF_ERROR(CheckDuration(path("duration"), trim.duration(), absl::Milliseconds(1), kLongest));
  }
  return absl::OkStatus();
}

// What a resize and a convert have in common.
template <typename Spec>
absl::Status CheckCoding(const Path& path, const Spec& spec) {
  SPOOL_RETURN_IF_ERROR(CheckContainer(path("container"), spec.container()));
  SPOOL_RETURN_IF_ERROR(CheckVideo(path.In("video"), spec.video(), spec.container()));
  SPOOL_RETURN_IF_ERROR(CheckAudio(path.In("audio"), spec.audio()));
  if (spec.has_trim()) SPOOL_RETURN_IF_ERROR(CheckTrim(path.In("trim"), spec.trim()));
  SPOOL_RETURN_IF_ERROR(CheckKnown(path("metadata"), spec.metadata(), v1::MetadataPolicy_IsValid(spec.metadata())));
  return CheckKnown(path("on_damage"), spec.on_damage(), v1::OnDamage_IsValid(spec.on_damage()));
}

absl::Status CheckDimension(const std::string& field, int32_t value, int32_t most = 16384) {
  if (value != 0 && (value < 2 || value > most)) {
    return FieldError(field, absl::StrCat("must be 2 to ", most, " display pixels"));
  }
  return absl::OkStatus();
}

absl::Status CheckResize(const Path& path, const v1::ResizeSpec& spec) {
  if (spec.width() == 0 && spec.height() == 0) {
    return FieldError(path("width"), "width, height or both are required");
  }
  SPOOL_RETURN_IF_ERROR(CheckDimension(path("width"), spec.width()));
  SPOOL_RETURN_IF_ERROR(CheckDimension(path("height"), spec.height()));
  SPOOL_RETURN_IF_ERROR(CheckKnown(path("fit"), spec.fit(), v1::Fit_IsValid(spec.fit())));
  if (!spec.pad_color().empty() && !ParsePadColor(spec.pad_color()).has_value()) {
    return FieldError(path("pad_color"), "must be #RRGGBB or one of HTML 4's sixteen names, such as navy");
  }
  SPOOL_RETURN_IF_ERROR(
      CheckKnown(path("crop_gravity"), spec.crop_gravity(), v1::CropGravity_IsValid(spec.crop_gravity())));
  if (spec.crop_gravity() != v1::CROP_GRAVITY_UNSPECIFIED && spec.fit() != v1::FIT_COVER) {
    return FieldError(path("crop_gravity"), "has a meaning only with fit COVER");
  }
  if (spec.video().codec() == v1::VIDEO_CODEC_COPY) {
    return FieldError(path.In("video")("codec"), "COPY cannot change dimensions");
  }
  if (spec.video().drop()) return FieldError(path.In("video")("drop"), "leaves nothing to resize");
  return CheckCoding(path, spec);
}

absl::Status CheckConvert(const Path& path, const v1::ConvertSpec& spec) {
  if (spec.container() == v1::CONTAINER_UNSPECIFIED && !spec.has_video() && !spec.has_audio() && !spec.has_trim() &&
      spec.metadata() != v1::METADATA_POLICY_STRIP) {
    return FieldError(path("container"), "is required unless video, audio, trim or metadata asks for a change");
  }
  SPOOL_RETURN_IF_ERROR(CheckCoding(path, spec));
  if (spec.video().drop() && spec.audio().mute()) return FieldError(path.In("audio")("mute"), "leaves nothing");
  if (spec.never_larger() && spec.video().target_bytes() != 0) {
    return FieldError(path("never_larger"), "excludes video.target_bytes");
  }
  return absl::OkStatus();
}

constexpr std::initializer_list<v1::Container> kStills = {v1::CONTAINER_JPEG, v1::CONTAINER_PNG, v1::CONTAINER_WEBP};

absl::Status CheckThumbnail(const Path& path, const v1::ThumbnailSpec& spec, const std::string& output_field,
                            absl::string_view output) {
  if (spec.has_at()) SPOOL_RETURN_IF_ERROR(CheckDuration(path("at"), spec.at(), absl::ZeroDuration(), kLongest));
  SPOOL_RETURN_IF_ERROR(CheckDimension(path("width"), spec.width()));
  SPOOL_RETURN_IF_ERROR(CheckDimension(path("height"), spec.height()));
  SPOOL_RETURN_IF_ERROR(CheckKnown(path("fit"), spec.fit(), v1::Fit_IsValid(spec.fit())));
  SPOOL_RETURN_IF_ERROR(CheckContainerAmong(path("container"), spec.container(), output_field, output, kStills));
  return CheckQuality(path("quality"), spec.quality(), 100);
}

absl::Status CheckSpriteSheet(const Path& path, const v1::SpriteSheetSpec& spec, const std::string& output_field,
                              absl::string_view output) {
  if (spec.has_interval()) {
    SPOOL_RETURN_IF_ERROR(CheckDuration(path("interval"), spec.interval(), absl::Milliseconds(100), absl::Hours(1)));
  }
  SPOOL_RETURN_IF_ERROR(CheckRange(path("columns"), spec.columns(), 1, 20));
  SPOOL_RETURN_IF_ERROR(CheckRange(path("rows"), spec.rows(), 1, 20));
  SPOOL_RETURN_IF_ERROR(CheckRange(path("tile_width"), spec.tile_width(), 16, 640));
  SPOOL_RETURN_IF_ERROR(CheckContainerAmong(path("container"), spec.container(), output_field, output, kStills));
  if (ExtensionOfPath(output) == "vtt") return FieldError(output_field, "is the image's name, the .vtt goes beside it");
  return CheckQuality(path("quality"), spec.quality(), 100);
}

absl::Status CheckPreview(const Path& path, const v1::PreviewSpec& spec, const std::string& output_field,
                          absl::string_view output) {
  SPOOL_RETURN_IF_ERROR(CheckContainerAmong(path("container"), spec.container(), output_field, output,
                                            {v1::CONTAINER_GIF, v1::CONTAINER_WEBP}));
  if (spec.has_start()) {
    SPOOL_RETURN_IF_ERROR(CheckDuration(path("start"), spec.start(), absl::ZeroDuration(), kLongest));
  }
  if (spec.has_duration()) {
    SPOOL_RETURN_IF_ERROR(CheckDuration(path("duration"), spec.duration(), absl::Milliseconds(100), absl::Seconds(60)));
  }
  SPOOL_RETURN_IF_ERROR(CheckDimension(path("width"), spec.width(), 1920));
  SPOOL_RETURN_IF_ERROR(CheckDimension(path("height"), spec.height(), 1920));
  SPOOL_RETURN_IF_ERROR(CheckRange(path("frame_rate"), spec.frame_rate(), 0.1, 50.0));
  return CheckQuality(path("quality"), spec.quality(), 100);
}

// `prefix` is empty or ends with a dot.
absl::Status CheckOutput(const std::string& prefix, const v1::OutputSpec& output) {
  const std::string output_field = prefix + "output";
  if (!output.output().empty()) SPOOL_RETURN_IF_ERROR(CheckOutputPath(output_field, output.output()));
  switch (output.spec_case()) {
    case v1::OutputSpec::kResize:
      return CheckResize(Path(prefix + "resize"), output.resize());
    case v1::OutputSpec::kConvert:
      return CheckConvert(Path(prefix + "convert"), output.convert());
    case v1::OutputSpec::kThumbnail:
      return CheckThumbnail(Path(prefix + "thumbnail"), output.thumbnail(), output_field, output.output());
    case v1::OutputSpec::kSpriteSheet:
      return CheckSpriteSheet(Path(prefix + "sprite_sheet"), output.sprite_sheet(), output_field, output.output());
    case v1::OutputSpec::kPreview:
      return CheckPreview(Path(prefix + "preview"), output.preview(), output_field, output.output());
    case v1::OutputSpec::SPEC_NOT_SET:
      break;
  }
  return FieldError(prefix + "spec", "what to make is required");
}

absl::Status CheckOutputName(const std::string& field, absl::string_view name) {
  bool good = name.size() <= 64 && (absl::ascii_islower(name[0]) || absl::ascii_isdigit(name[0]));
  for (const char c : name) {
    good = good && (absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '.' || c == '_' || c == '-');
  }
  return good ? absl::OkStatus() : FieldError(field, "is not [a-z0-9][a-z0-9._-]{0,63}");
}

absl::Status CheckOutputs(const std::string& job_id, const v1::OutputsSpec& outputs) {
  if (outputs.outputs().empty() || outputs.outputs_size() > kMaxOutputs) {
    return FieldError("outputs.outputs", absl::StrCat("must have 1 to ", kMaxOutputs, " entries"));
  }
  v1::OutputsSpec named = outputs;
  NameOutputs(named);
  absl::flat_hash_set<std::string> names, paths;
  // Default paths, as far as they are known before the format is: with .vtt for the extension.
  absl::flat_hash_set<std::string> defaults;
  for (const v1::OutputSpec& output : named.outputs()) {
    if (output.output().empty()) defaults.insert(absl::StrCat(job_id, "-", output.name(), ".vtt"));
  }
  for (int i = 0; i < named.outputs_size(); ++i) {
    const v1::OutputSpec& output = named.outputs(i);
    const std::string prefix = absl::StrCat("outputs.outputs[", i, "].");
    SPOOL_RETURN_IF_ERROR(CheckOutputName(prefix + "name", output.name()));
    if (!names.insert(output.name()).second) return FieldError(prefix + "name", "is another output's name too");
    SPOOL_RETURN_IF_ERROR(CheckOutput(prefix, output));
    if (output.output().empty()) continue;
    const bool fresh = !defaults.contains(VttPathOf(output.output())) && paths.insert(output.output()).second &&
                       (!output.has_sprite_sheet() || paths.insert(VttPathOf(output.output())).second);
    if (!fresh) return FieldError(prefix + "output", "is another output's path too");
  }
  return absl::OkStatus();
}

}  // namespace

v1::JobType TypeOf(const v1::Job& job) {
  switch (job.spec_case()) {
    case v1::Job::kResize:
      return v1::JOB_TYPE_RESIZE;
    case v1::Job::kConvert:
      return v1::JOB_TYPE_CONVERT;
    case v1::Job::kThumbnail:
      return v1::JOB_TYPE_THUMBNAIL;
    case v1::Job::kSpriteSheet:
      return v1::JOB_TYPE_SPRITE_SHEET;
    case v1::Job::kPreview:
      return v1::JOB_TYPE_PREVIEW;
    case v1::Job::kOutputs:
      return v1::JOB_TYPE_OUTPUTS;
    case v1::Job::SPEC_NOT_SET:
      break;
  }
  return v1::JOB_TYPE_UNSPECIFIED;
}

absl::Status CheckSpec(const v1::Job& job) {
  if (!job.has_outputs()) return CheckOutput("", OutputsOf(job).front());
  if (!job.output().empty()) return FieldError("output", "must be empty: each of several outputs has its own");
  return CheckOutputs(job.id(), job.outputs());
}

void NameOutputs(v1::OutputsSpec& outputs) {
  for (int i = 0; i < outputs.outputs_size(); ++i) {
    if (outputs.outputs(i).name().empty()) outputs.mutable_outputs(i)->set_name(absl::StrCat(i));
  }
}

std::vector<v1::OutputSpec> OutputsOf(const v1::Job& job) {
  if (job.has_outputs()) return {job.outputs().outputs().begin(), job.outputs().outputs().end()};
  v1::OutputSpec only;
  only.set_output(job.output());
  CopySingleSpec(job, only);
  return {only};
}

v1::Container ContainerOf(const v1::OutputSpec& output) {
  switch (output.spec_case()) {
    case v1::OutputSpec::kResize:
      return output.resize().container();
    case v1::OutputSpec::kConvert:
      return output.convert().container();
    case v1::OutputSpec::kThumbnail:
      return output.thumbnail().container();
    case v1::OutputSpec::kSpriteSheet:
      return output.sprite_sheet().container();
    case v1::OutputSpec::kPreview:
      return output.preview().container();
    case v1::OutputSpec::SPEC_NOT_SET:
      break;
  }
  return v1::CONTAINER_UNSPECIFIED;
}

}  // namespace spool::job

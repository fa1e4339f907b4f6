#include "client/cli/coding_flags.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/cli/flag_values.h"
#include "client/cli/usage_error.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

absl::StatusOr<v1::VideoOptions> ReadVideo(const Arguments& arguments) {
  if (arguments.Has("quality") && arguments.Has("crf")) return UsageError("--crf is --quality: give one of them");
  const int ways =
      arguments.Has("quality") + arguments.Has("crf") + arguments.Has("bitrate") + arguments.Has("target-size");
  if (ways > 1) return UsageError("--quality, --bitrate and --target-size do not go together");
  if (arguments.Has("two-pass") && !arguments.Has("bitrate") && !arguments.Has("target-size")) {
    return UsageError("--two-pass needs --bitrate or --target-size");
  }
  const absl::string_view quality_flag = arguments.Has("crf") ? "crf" : "quality";
  v1::VideoOptions video;
  SPOOL_ASSIGN_OR_RETURN(const v1::VideoCodec codec, EnumFlag<v1::VideoCodec>(arguments, "video-codec"));
  SPOOL_ASSIGN_OR_RETURN(const auto quality, IntegerFlag(arguments, quality_flag, 1, 100));
  SPOOL_ASSIGN_OR_RETURN(const auto bitrate, BitrateFlag(arguments, "bitrate"));
  SPOOL_ASSIGN_OR_RETURN(const auto size, SizeFlag(arguments, "target-size"));
  SPOOL_ASSIGN_OR_RETURN(const auto interval, LengthFlag(arguments, "keyframe-interval"));
  SPOOL_ASSIGN_OR_RETURN(const v1::PixelFormat format, EnumFlag<v1::PixelFormat>(arguments, "pixel-format"));
  SPOOL_ASSIGN_OR_RETURN(const auto rate, FrameRateFlag(arguments, "fps"));
  video.set_codec(codec);
  video.set_quality(quality.value_or(0));
  video.set_bitrate_bps(bitrate.value_or(0));
  video.set_target_bytes(size.value_or(0));
  video.set_two_pass(arguments.Has("two-pass"));
  video.set_preset(arguments.Get("preset"));
  if (interval.has_value()) *video.mutable_keyframe_interval() = *interval;
  video.set_pixel_format(format);
  video.set_frame_rate(rate.value_or(0));
  return video;
}

absl::StatusOr<v1::AudioOptions> ReadAudio(const Arguments& arguments) {
  for (const char* flag : {"audio-codec", "audio-bitrate", "sample-rate", "channels", "loudness"}) {
    if (arguments.Has("mute") && arguments.Has(flag)) {
      return UsageError(absl::StrCat("--mute does not go together with --", flag));
    }
  }
  v1::AudioOptions audio;
  SPOOL_ASSIGN_OR_RETURN(const v1::AudioCodec codec, EnumFlag<v1::AudioCodec>(arguments, "audio-codec"));
  SPOOL_ASSIGN_OR_RETURN(const auto bitrate, BitrateFlag(arguments, "audio-bitrate"));
  SPOOL_ASSIGN_OR_RETURN(const auto rate, IntegerFlag(arguments, "sample-rate", 8000, 96000));
  SPOOL_ASSIGN_OR_RETURN(const auto channels, IntegerFlag(arguments, "channels", 1, 8));
  audio.set_codec(codec);
  audio.set_bitrate_bps(bitrate.value_or(0));
  audio.set_mute(arguments.Has("mute"));
  audio.set_sample_rate(rate.value_or(0));
  audio.set_channels(channels.value_or(0));
  if (arguments.Has("loudness")) {
    audio.mutable_loudness();
    if (!arguments.Get("loudness").empty()) {
      SPOOL_ASSIGN_OR_RETURN(const auto target, NumberFlag(arguments, "loudness", -70, -5));
      audio.mutable_loudness()->set_integrated_lufs(*target);
    }
  }
  return audio;
}

template <typename Spec>
absl::Status Read(const Arguments& arguments, Spec* spec) {
  SPOOL_ASSIGN_OR_RETURN(const v1::VideoOptions video, ReadVideo(arguments));
  if (video.ByteSizeLong() > 0) *spec->mutable_video() = video;
  SPOOL_ASSIGN_OR_RETURN(const v1::AudioOptions audio, ReadAudio(arguments));
  if (audio.ByteSizeLong() > 0) *spec->mutable_audio() = audio;
  SPOOL_ASSIGN_OR_RETURN(const auto start, LengthFlag(arguments, "start"));
  if (start.has_value()) *spec->mutable_trim()->mutable_start() = *start;
  SPOOL_ASSIGN_OR_RETURN(const auto duration, LengthFlag(arguments, "duration"));
  if (duration.has_value()) *spec->mutable_trim()->mutable_duration() = *duration;
  if (arguments.Has("strip-metadata")) spec->set_metadata(v1::METADATA_POLICY_STRIP);
  if (arguments.Has("fail-on-damage")) spec->set_on_damage(v1::ON_DAMAGE_FAIL);
  return absl::OkStatus();
}

}  // namespace

std::vector<Flag> CodingFlags() {
  return {
      {"start", "TIME", "Leave out what comes before, such as 90, 1.5s or 2m30s."},
      {"duration", "TIME", "Keep only so much, counted from --start."},
      OneOfFlag<v1::VideoCodec>("video-codec", "CODEC", "Video coding: "),
      {"quality", "NUMBER",
       "Constant quality. Video: 1 (best) to 51 (h264, hevc) or 63 (vp9, av1). JPEG and WebP: 1 to 100 (best)."},
      {"crf", "NUMBER", "The same as --quality."},
      {"bitrate", "RATE", "Average video bits a second, such as 800k or 2.5M, instead of constant quality."},
      {"target-size", "BYTES", "Size of the whole output, such as 8M, from which the bitrate follows."},
      {"two-pass", "", "Look at the whole input first: better use of --bitrate. Takes nearly twice as long."},
      {"keyframe-interval", "TIME", "Key frames at exactly this distance, such as 2s."},
      OneOfFlag<v1::PixelFormat>("pixel-format", "FORMAT", "How pictures are stored: "),
      {"fps", "RATE", "Frames a second, such as 25, 23.976 or 30000/1001. By default the input's times are kept."},
      {"preset", "NAME", "The encoder's speed preset, such as veryfast (h264, hevc) or 4 (vp9, av1)."},
      OneOfFlag<v1::AudioCodec>("audio-codec", "CODEC", "Audio coding: "),
      {"audio-bitrate", "RATE", "Bits a second of each audio stream, such as 96k."},
      {"sample-rate", "HERTZ", "Samples a second, 8000 to 96000."},
      {"channels", "NUMBER", "Audio channels, 1 to 8."},
      {"loudness", "LUFS", "Bring the sound to this loudness (EBU R128), -70 to -5; -16 if no value is given.", 0,
       Flag::Value::kOptional},
      {"mute", "", "Leave out all sound."},
      {"strip-metadata", "", "Leave out titles, dates, places and chapters."},
      {"fail-on-damage", "", "Fail if the input is damaged, rather than deliver what can be decoded."},
  };
}

absl::Status ReadCoding(const Arguments& arguments, v1::ResizeSpec* spec) { return Read(arguments, spec); }
absl::Status ReadCoding(const Arguments& arguments, v1::ConvertSpec* spec) { return Read(arguments, spec); }

}  // namespace spool::cli

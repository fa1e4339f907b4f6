#include "server/job/presets.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/errors.h"

namespace spool::job {
namespace {

// Everything that a default could change one day is written out: a preset must mean the same for ever.

v1::Preset Named(const char* name, int version, const char* description) {
  v1::Preset preset;
  preset.set_name(name);
  preset.set_version(version);
  preset.set_description(description);
  return preset;
}

void SetAudio(v1::AudioOptions* audio, v1::AudioCodec codec, int64_t bitrate_bps) {
  audio->set_codec(codec);
  audio->set_bitrate_bps(bitrate_bps);
}

// Fits into the box and is never enlarged; for players of any age.
v1::ResizeSpec ForWeb(int width, int height) {
  v1::ResizeSpec spec;
  spec.set_width(width);
  spec.set_height(height);
  spec.set_fit(v1::FIT_SHRINK);
  spec.set_container(v1::CONTAINER_MP4);
  spec.mutable_video()->set_codec(v1::VIDEO_CODEC_H264);
  spec.mutable_video()->set_preset("veryfast");
  spec.mutable_video()->set_pixel_format(v1::PIXEL_FORMAT_YUV420P);
  return spec;
}

v1::Preset Web(const char* name, const char* description, int width, int height) {
  v1::Preset preset = Named(name, 1, description);
  v1::ResizeSpec& spec = *preset.mutable_resize();
  spec = ForWeb(width, height);
  spec.mutable_video()->set_quality(23);
  SetAudio(spec.mutable_audio(), v1::AUDIO_CODEC_AAC, 128000);
  return preset;
}

v1::Preset Webm720p() {
  v1::Preset preset = Named("webm-720p", 1, "WebM that fits into 1280x720, never enlarged: VP9 and Opus");
  v1::ResizeSpec& spec = *preset.mutable_resize();
  spec = ForWeb(1280, 720);
  spec.set_container(v1::CONTAINER_WEBM);
  spec.mutable_video()->set_codec(v1::VIDEO_CODEC_VP9);
  spec.mutable_video()->set_preset("4");
  spec.mutable_video()->set_quality(32);
  SetAudio(spec.mutable_audio(), v1::AUDIO_CODEC_OPUS, 96000);
  return preset;
}

v1::Preset HlsLadder() {
  v1::Preset preset = Named("hls-ladder", 1,
                            "MP4s of 1080p, 720p, 480p and 360p for adaptive streaming, key frames every 2 s; those "
                            "that would enlarge are left out, but not the last");
  struct Rung {
    const char* name;
    int width, height;
    int64_t video_bps, audio_bps;
  };
  constexpr Rung kRungs[] = {{"1080p", 1920, 1080, 5000000, 128000},
                             {"720p", 1280, 720, 2800000, 128000},
                             {"480p", 854, 480, 1400000, 96000},
                             {"360p", 640, 360, 800000, 96000}};
  for (const Rung& rung : kRungs) {
    v1::OutputSpec& output = *preset.mutable_outputs()->add_outputs();
    output.set_name(rung.name);
    v1::ResizeSpec& spec = *output.mutable_resize();
    spec = ForWeb(rung.width, rung.height);
    const bool last = rung.height == 360;
    if (!last) {
      spec.set_fit(v1::FIT_CONTAIN);
      spec.set_no_upscale(true);
    }
    spec.mutable_video()->set_bitrate_bps(rung.video_bps);
    spec.mutable_video()->mutable_keyframe_interval()->set_seconds(2);
    SetAudio(spec.mutable_audio(), v1::AUDIO_CODEC_AAC, rung.audio_bps);
  }
  return preset;
}

v1::Preset ImageThumb() {
  v1::Preset preset = Named("image-thumb", 1, "JPEG, 320 wide, of a picture that stands for the video");
  preset.mutable_thumbnail()->set_width(320);
  preset.mutable_thumbnail()->set_container(v1::CONTAINER_JPEG);
  preset.mutable_thumbnail()->set_quality(85);
  return preset;
}

v1::Preset Poster() {
  v1::Preset preset = Named("poster", 1, "JPEG in the video's own size of a picture that stands for it");
  preset.mutable_thumbnail()->set_container(v1::CONTAINER_JPEG);
  preset.mutable_thumbnail()->set_quality(90);
  return preset;
}

v1::Preset SpriteSheet() {
  v1::Preset preset = Named("sprite-sheet", 1, "Up to 10x10 small pictures in one JPEG, with WebVTT for the timeline");
  v1::SpriteSheetSpec& spec = *preset.mutable_sprite_sheet();
  spec.set_columns(10);
  spec.set_rows(10);
  spec.set_tile_width(160);
  spec.set_container(v1::CONTAINER_JPEG);
  spec.set_quality(75);
  return preset;
}

v1::Preset Preview() {
  v1::Preset preset = Named("preview", 1, "WebP animation of 3 s, 320 wide, silent");
  v1::PreviewSpec& spec = *preset.mutable_preview();
  spec.set_container(v1::CONTAINER_WEBP);
  spec.mutable_duration()->set_seconds(3);
  spec.set_width(320);
  spec.set_frame_rate(10);
  spec.set_quality(75);
  return preset;
}

v1::Preset PodcastAudio() {
  v1::Preset preset = Named("podcast-audio", 1, "Sound alone as AAC in MP4, brought to -16 LUFS");
  v1::ConvertSpec& spec = *preset.mutable_convert();
  spec.set_container(v1::CONTAINER_MP4);
  spec.mutable_video()->set_drop(true);
  SetAudio(spec.mutable_audio(), v1::AUDIO_CODEC_AAC, 128000);
  v1::Loudness& loudness = *spec.mutable_audio()->mutable_loudness();
  loudness.set_integrated_lufs(-16);
  loudness.set_true_peak_dbtp(-1.5);
  loudness.set_range_lu(11);
  return preset;
}

std::vector<v1::Preset> MakePresets() {
  std::vector<v1::Preset> presets = {
      Web("web-1080p", "MP4 that fits into 1920x1080, never enlarged: H.264 and AAC", 1920, 1080),
      Web("web-720p", "MP4 that fits into 1280x720, never enlarged: H.264 and AAC", 1280, 720),
      Web("web-480p", "MP4 that fits into 854x480, never enlarged: H.264 and AAC", 854, 480),
      Webm720p(),
      HlsLadder(),
      ImageThumb(),
      Poster(),
      SpriteSheet(),
      Preview(),
      PodcastAudio(),
  };
  std::sort(presets.begin(), presets.end(), [](const v1::Preset& a, const v1::Preset& b) {
    return std::make_tuple(a.name(), -a.version()) < std::make_tuple(b.name(), -b.version());
  });
  return presets;
}

}  // namespace

const std::vector<v1::Preset>& AllPresets() {
  static const auto* const presets = new std::vector<v1::Preset>(MakePresets());
  return *presets;
}

absl::StatusOr<const v1::Preset*> FindPreset(absl::string_view name) {
  std::vector<absl::string_view> known;
  for (const v1::Preset& preset : AllPresets()) {
    if (name == preset.name() || name == NameOf(preset)) return &preset;
    if (known.empty() || known.back() != preset.name()) known.push_back(preset.name());
  }
  return FieldError("preset", absl::StrCat("is not known; there are ", absl::StrJoin(known, ", ")));
}

std::string NameOf(const v1::Preset& preset) { return absl::StrCat(preset.name(), "@", preset.version()); }

}  // namespace spool::job

#include "server/media/encoder_settings.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace spool::media {
namespace {

// In units of 1/denominator, as SEI messages count.
int64_t Units(AVRational value, int64_t denominator) {
  return value.den == 0 ? 0 : std::llround(av_q2d(value) * static_cast<double>(denominator));
}

std::string X265Params(const HdrMetadata& hdr, int threads) {
  std::string params =
      absl::StrCat("log-level=none:frame-threads=1:pools=", threads == 1 ? "none" : absl::StrCat(threads));
  if (!hdr.x265_display.empty()) absl::StrAppend(&params, ":hdr10=1:master-display=", hdr.x265_display);
  if (!hdr.light.empty()) absl::StrAppend(&params, ":max-cll=", hdr.light);
  return params;
}

std::string SvtParams(const HdrMetadata& hdr, int threads) {
  std::string params = absl::StrCat("lp=", threads);
  if (!hdr.svt_display.empty()) absl::StrAppend(&params, ":mastering-display=", hdr.svt_display);
  if (!hdr.light.empty()) absl::StrAppend(&params, ":content-light=", hdr.light);
  return params;
}

// Tiles are what VP9 threads work on; each is at least 256 pixels wide.
int Vp9TileColumnsLog2(int width) {
  int log2 = 0;
  while (log2 < 4 && width >> (log2 + 1) >= 256) ++log2;
  return log2;
}

}  // namespace

HdrMetadata HdrMetadata::Of(const AVFrame& frame) {
  HdrMetadata hdr;
  if (const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA)) {
    const auto& m = *reinterpret_cast<const AVMasteringDisplayMetadata*>(data->data);
    if (m.has_primaries && m.has_luminance) {
      constexpr int64_t kXy = 50000;
      constexpr int64_t kCandela = 10000;
      auto xy = [&m](int primary, int axis) { return Units(m.display_primaries[primary][axis], kXy); };
      hdr.x265_display =
          absl::StrFormat("G(%d,%d)B(%d,%d)R(%d,%d)WP(%d,%d)L(%d,%d)", xy(1, 0), xy(1, 1), xy(2, 0), xy(2, 1), xy(0, 0),
                          xy(0, 1), Units(m.white_point[0], kXy), Units(m.white_point[1], kXy),
                          Units(m.max_luminance, kCandela), Units(m.min_luminance, kCandela));
      auto real = [&m](int primary, int axis) { return av_q2d(m.display_primaries[primary][axis]); };
      hdr.svt_display =
          absl::StrFormat("G(%.5f,%.5f)B(%.5f,%.5f)R(%.5f,%.5f)WP(%.5f,%.5f)L(%.4f,%.4f)", real(1, 0), real(1, 1),
                          real(2, 0), real(2, 1), real(0, 0), real(0, 1), av_q2d(m.white_point[0]),
                          av_q2d(m.white_point[1]), av_q2d(m.max_luminance), av_q2d(m.min_luminance));
    }
  }
  if (const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL)) {
    const auto& light = *reinterpret_cast<const AVContentLightMetadata*>(data->data);
    hdr.light = absl::StrCat(light.MaxCLL, ",", light.MaxFALL);
  }
  return hdr;
}

std::map<std::string, std::string> EncoderSettings(const VideoTarget& target, int threads, const HdrMetadata& hdr) {
  std::map<std::string, std::string> settings;
  const bool constant_quality = target.bitrate_bps == 0;
  const bool exact_keys = target.keyframe_interval > absl::ZeroDuration();
  const std::string quality = absl::StrCat(target.quality);
  switch (target.encoder->id) {
    case AV_CODEC_ID_H264:
      settings["preset"] = target.preset;
      if (constant_quality) settings["crf"] = quality;
      if (exact_keys) {
        settings["forced-idr"] = "1";
        settings["sc_threshold"] = "0";
      }
      break;
    case AV_CODEC_ID_HEVC:
      settings["preset"] = target.preset;
      if (constant_quality) settings["crf"] = quality;
      settings["x265-params"] = X265Params(hdr, threads);
      if (exact_keys) {
        settings["forced-idr"] = "1";
        settings["x265-params"] += ":scenecut=0:open-gop=0";
      }
      break;
    case AV_CODEC_ID_VP9:
      settings["deadline"] = "good";
      settings["cpu-used"] = target.preset;
      settings["row-mt"] = "1";
      settings["tile-columns"] = absl::StrCat(Vp9TileColumnsLog2(target.size.width));
      if (constant_quality) settings["crf"] = quality;
      break;
    case AV_CODEC_ID_AV1:
      if (constant_quality) settings["crf"] = quality;
      if (absl::string_view(target.encoder->encoder) == "libaom-av1") {
        // Presets are SVT-AV1's, 0 to 12; libaom's end at 8.
        int preset = 8;
        if (absl::SimpleAtoi(target.preset, &preset)) settings["cpu-used"] = absl::StrCat(std::min(preset, 8));
        break;
      }
      settings["preset"] = target.preset;
      settings["svtav1-params"] = SvtParams(hdr, threads);
      break;
    case AV_CODEC_ID_WEBP:
      settings["quality"] = quality;
      break;
    default:
      break;
  }
  return settings;
}

bool IsPreset(const VideoEncoderFacts& encoder, absl::string_view preset) {
  int number = -1;
  const bool is_number = absl::SimpleAtoi(preset, &number) && absl::StrCat(number) == preset && number >= 0;
  switch (encoder.codec) {
    case v1::VIDEO_CODEC_H264:
    case v1::VIDEO_CODEC_HEVC: {
      constexpr std::array<absl::string_view, 10> kNames = {
          "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"};
      return std::find(kNames.begin(), kNames.end(), preset) != kNames.end();
    }
    case v1::VIDEO_CODEC_VP9:
      return is_number && number <= 8;
    case v1::VIDEO_CODEC_AV1:
      return is_number && number <= 12;
    default:
      return false;
  }
}

int MaxQuality(const VideoEncoderFacts& encoder) {
  switch (encoder.codec) {
    case v1::VIDEO_CODEC_H264:
    case v1::VIDEO_CODEC_HEVC:
      return 51;
    case v1::VIDEO_CODEC_VP9:
    case v1::VIDEO_CODEC_AV1:
      return 63;
    default:
      return 100;
  }
}

int JpegScaleFor(int quality) {
  // libjpeg multiplies its tables by this factor; FFmpeg's table times 15/8 is about as coarse as libjpeg's at 1.
  const double factor = quality < 50 ? 50.0 / quality : (200 - 2.0 * quality) / 100;
  return std::clamp(static_cast<int>(std::lround(15 * factor)), 1, 31);
}

}  // namespace spool::media

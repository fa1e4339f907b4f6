#include "server/media/formats.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace spool::media {
namespace {

constexpr std::array kContainers = {
    ContainerFacts{v1::CONTAINER_MP4, "mp4", "mp4", false, false, true, true, AV_CODEC_ID_H264, AV_CODEC_ID_AAC,
                   AV_CODEC_ID_MOV_TEXT},
    ContainerFacts{v1::CONTAINER_WEBM, "webm", "webm", false, true, false, false, AV_CODEC_ID_VP9, AV_CODEC_ID_OPUS,
                   AV_CODEC_ID_WEBVTT},
    ContainerFacts{v1::CONTAINER_MKV, "mkv", "matroska", false, true, false, false, AV_CODEC_ID_H264, AV_CODEC_ID_AAC,
                   AV_CODEC_ID_SUBRIP},
    ContainerFacts{v1::CONTAINER_MOV, "mov", "mov", false, false, true, true, AV_CODEC_ID_H264, AV_CODEC_ID_AAC,
                   AV_CODEC_ID_MOV_TEXT},
    ContainerFacts{v1::CONTAINER_JPEG, "jpeg", "image2pipe", true, false, false, false, AV_CODEC_ID_MJPEG,
                   AV_CODEC_ID_NONE, AV_CODEC_ID_NONE},
    ContainerFacts{v1::CONTAINER_PNG, "png", "image2pipe", true, true, false, false, AV_CODEC_ID_PNG, AV_CODEC_ID_NONE,
                   AV_CODEC_ID_NONE},
    ContainerFacts{v1::CONTAINER_WEBP, "webp", "webp", true, true, false, false, AV_CODEC_ID_WEBP, AV_CODEC_ID_NONE,
                   AV_CODEC_ID_NONE},
    ContainerFacts{v1::CONTAINER_GIF, "gif", "gif", true, true, false, false, AV_CODEC_ID_GIF, AV_CODEC_ID_NONE,
                   AV_CODEC_ID_NONE},
};

constexpr std::array kVideoEncoders = {
    VideoEncoderFacts{v1::VIDEO_CODEC_H264, AV_CODEC_ID_H264, "libx264", 23, "veryfast", false, false},
    VideoEncoderFacts{v1::VIDEO_CODEC_HEVC, AV_CODEC_ID_HEVC, "libx265", 28, "veryfast", true, false},
    VideoEncoderFacts{v1::VIDEO_CODEC_VP9, AV_CODEC_ID_VP9, "libvpx-vp9", 32, "4", false, true},
    VideoEncoderFacts{v1::VIDEO_CODEC_AV1, AV_CODEC_ID_AV1, "libsvtav1", 35, "8", true, false},
    VideoEncoderFacts{v1::VIDEO_CODEC_UNSPECIFIED, AV_CODEC_ID_MJPEG, "mjpeg", 85, "", false, false},
    VideoEncoderFacts{v1::VIDEO_CODEC_UNSPECIFIED, AV_CODEC_ID_PNG, "png", 0, "", false, true},
    VideoEncoderFacts{v1::VIDEO_CODEC_UNSPECIFIED, AV_CODEC_ID_WEBP, "libwebp", 85, "", false, true},
    VideoEncoderFacts{v1::VIDEO_CODEC_UNSPECIFIED, AV_CODEC_ID_GIF, "gif", 0, "", false, true},
};

bool IsOneOf(AVCodecID codec, std::initializer_list<AVCodecID> list) {
  return std::find(list.begin(), list.end(), codec) != list.end();
}

bool IsPcm(AVCodecID codec) { return codec >= AV_CODEC_ID_FIRST_AUDIO && codec < AV_CODEC_ID_ADPCM_IMA_QT; }

Holding Mp4Holds(AVCodecID codec) {
  if (IsOneOf(codec, {AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_AV1, AV_CODEC_ID_VP9, AV_CODEC_ID_AAC,
                      AV_CODEC_ID_OPUS, AV_CODEC_ID_MP3, AV_CODEC_ID_MOV_TEXT})) {
    return Holding::kYes;
  }
  if (IsOneOf(codec, {AV_CODEC_ID_MPEG4, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MJPEG,
                      AV_CODEC_ID_PNG, AV_CODEC_ID_AC3, AV_CODEC_ID_EAC3, AV_CODEC_ID_ALAC, AV_CODEC_ID_FLAC,
                      AV_CODEC_ID_MP2, AV_CODEC_ID_DTS})) {
    return Holding::kIfAsked;
  }
  return Holding::kNo;
}

Holding MovHolds(AVCodecID codec) {
  if (IsOneOf(codec, {AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_PRORES, AV_CODEC_ID_MJPEG, AV_CODEC_ID_AAC,
                      AV_CODEC_ID_ALAC, AV_CODEC_ID_MP3, AV_CODEC_ID_PCM_S16LE, AV_CODEC_ID_PCM_S16BE,
                      AV_CODEC_ID_PCM_S24LE, AV_CODEC_ID_PCM_S24BE, AV_CODEC_ID_PCM_F32LE, AV_CODEC_ID_MOV_TEXT})) {
    return Holding::kYes;
  }
  if (IsOneOf(codec, {AV_CODEC_ID_MPEG4, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_DVVIDEO, AV_CODEC_ID_DNXHD,
                      AV_CODEC_ID_QTRLE, AV_CODEC_ID_PNG, AV_CODEC_ID_H263, AV_CODEC_ID_SVQ1, AV_CODEC_ID_SVQ3,
                      AV_CODEC_ID_CINEPAK, AV_CODEC_ID_AC3, AV_CODEC_ID_EAC3, AV_CODEC_ID_PCM_S32LE,
                      AV_CODEC_ID_PCM_S32BE, AV_CODEC_ID_PCM_U8, AV_CODEC_ID_PCM_MULAW, AV_CODEC_ID_PCM_ALAW})) {
    return Holding::kIfAsked;
  }
  return Holding::kNo;
}

Holding WebmHolds(AVCodecID codec) {
  return IsOneOf(codec, {AV_CODEC_ID_VP8, AV_CODEC_ID_VP9, AV_CODEC_ID_AV1, AV_CODEC_ID_VORBIS, AV_CODEC_ID_OPUS,
                         AV_CODEC_ID_WEBVTT})
             ? Holding::kYes
             : Holding::kNo;
}

// What matroskaenc of FFmpeg 5.1 knows a codec id for, or wraps (VfW, ACM) in a way that players read.
Holding MkvHolds(AVCodecID codec) {
  if (IsPcm(codec)) {
    return IsOneOf(codec, {AV_CODEC_ID_PCM_S16LE, AV_CODEC_ID_PCM_S24LE, AV_CODEC_ID_PCM_S32LE, AV_CODEC_ID_PCM_F32LE,
                           AV_CODEC_ID_PCM_F64LE, AV_CODEC_ID_PCM_U8, AV_CODEC_ID_PCM_S16BE, AV_CODEC_ID_PCM_S24BE,
                           AV_CODEC_ID_PCM_S32BE})
               ? Holding::kYes
               : Holding::kNo;
  }
  if (IsOneOf(codec, {AV_CODEC_ID_H264,         AV_CODEC_ID_HEVC,         AV_CODEC_ID_AV1,
                      AV_CODEC_ID_VP8,          AV_CODEC_ID_VP9,          AV_CODEC_ID_MPEG1VIDEO,
                      AV_CODEC_ID_MPEG2VIDEO,   AV_CODEC_ID_MPEG4,        AV_CODEC_ID_MSMPEG4V3,
                      AV_CODEC_ID_MJPEG,        AV_CODEC_ID_PRORES,       AV_CODEC_ID_THEORA,
                      AV_CODEC_ID_FFV1,         AV_CODEC_ID_AAC,          AV_CODEC_ID_OPUS,
                      AV_CODEC_ID_VORBIS,       AV_CODEC_ID_MP2,          AV_CODEC_ID_MP3,
                      AV_CODEC_ID_AC3,          AV_CODEC_ID_EAC3,         AV_CODEC_ID_DTS,
                      AV_CODEC_ID_TRUEHD,       AV_CODEC_ID_MLP,          AV_CODEC_ID_FLAC,
                      AV_CODEC_ID_ALAC,         AV_CODEC_ID_WAVPACK,      AV_CODEC_ID_TTA,
                      AV_CODEC_ID_SUBRIP,       AV_CODEC_ID_ASS,          AV_CODEC_ID_WEBVTT,
                      AV_CODEC_ID_DVD_SUBTITLE, AV_CODEC_ID_DVB_SUBTITLE, AV_CODEC_ID_HDMV_PGS_SUBTITLE,
                      AV_CODEC_ID_TEXT})) {
    return Holding::kYes;
  }
  return Holding::kNo;
}

}  // namespace

const ContainerFacts& FactsOf(v1::Container container) {
  for (const ContainerFacts& facts : kContainers) {
    if (facts.container == container) return facts;
  }
  return kContainers.front();
}

Holding HoldingOf(v1::Container container, AVCodecID codec) {
  switch (container) {
    case v1::CONTAINER_MP4:
      return Mp4Holds(codec);
    case v1::CONTAINER_MOV:
      return MovHolds(codec);
    case v1::CONTAINER_WEBM:
      return WebmHolds(codec);
    case v1::CONTAINER_MKV:
      return MkvHolds(codec);
    default:
      return FactsOf(container).usual_video == codec ? Holding::kYes : Holding::kNo;
  }
}

bool IsTextSubtitle(AVCodecID codec) {
  return IsOneOf(codec, {AV_CODEC_ID_MOV_TEXT, AV_CODEC_ID_SUBRIP, AV_CODEC_ID_ASS, AV_CODEC_ID_SSA, AV_CODEC_ID_WEBVTT,
                         AV_CODEC_ID_TEXT});
}

const VideoEncoderFacts* VideoEncoderFor(AVCodecID id) {
  for (const VideoEncoderFacts& facts : kVideoEncoders) {
    if (facts.id == id) return &facts;
  }
  return nullptr;
}

const VideoEncoderFacts& ForSize(const VideoEncoderFacts& encoder, int width, int height) {
  // SVT-AV1 begins at 64 pixels a side. libaom is slower, which at such sizes no one notices.
  constexpr int kSvtLeastSide = 64;
  static constexpr VideoEncoderFacts kSmallAv1 = {
      v1::VIDEO_CODEC_AV1, AV_CODEC_ID_AV1, "libaom-av1", 35, "8", true, false};
  const bool is_small = width < kSvtLeastSide || height < kSvtLeastSide;
  return encoder.id == AV_CODEC_ID_AV1 && is_small ? kSmallAv1 : encoder;
}

const VideoEncoderFacts& AnimatedWebp() {
  static constexpr VideoEncoderFacts kAnimated = {
      v1::VIDEO_CODEC_UNSPECIFIED, AV_CODEC_ID_WEBP, "libwebp_anim", 75, "", false, true};
  return kAnimated;
}

AVPixelFormat FormatOf(v1::PixelFormat format) {
  switch (format) {
    case v1::PIXEL_FORMAT_YUV420P:
      return AV_PIX_FMT_YUV420P;
    case v1::PIXEL_FORMAT_YUV420P10:
      return AV_PIX_FMT_YUV420P10;
    case v1::PIXEL_FORMAT_YUV422P:
      return AV_PIX_FMT_YUV422P;
    case v1::PIXEL_FORMAT_YUV444P:
      return AV_PIX_FMT_YUV444P;
    default:
      return AV_PIX_FMT_NONE;
  }
}

AVCodecID IdOf(v1::VideoCodec codec) {
  switch (codec) {
    case v1::VIDEO_CODEC_H264:
      return AV_CODEC_ID_H264;
    case v1::VIDEO_CODEC_HEVC:
      return AV_CODEC_ID_HEVC;
    case v1::VIDEO_CODEC_VP9:
      return AV_CODEC_ID_VP9;
    case v1::VIDEO_CODEC_AV1:
      return AV_CODEC_ID_AV1;
    default:
      return AV_CODEC_ID_NONE;
  }
}

AVCodecID IdOf(v1::AudioCodec codec) {
  switch (codec) {
    case v1::AUDIO_CODEC_AAC:
      return AV_CODEC_ID_AAC;
    case v1::AUDIO_CODEC_OPUS:
      return AV_CODEC_ID_OPUS;
    default:
      return AV_CODEC_ID_NONE;
  }
}

const char* AudioEncoderFor(AVCodecID id) {
  switch (id) {
    case AV_CODEC_ID_AAC:
      return "aac";
    case AV_CODEC_ID_OPUS:
      return "libopus";
    default:
      return nullptr;
  }
}

const char* SubtitleEncoderFor(AVCodecID id) {
  switch (id) {
    case AV_CODEC_ID_MOV_TEXT:
      return "mov_text";
    case AV_CODEC_ID_WEBVTT:
      return "webvtt";
    case AV_CODEC_ID_SUBRIP:
      return "subrip";
    default:
      return nullptr;
  }
}

}  // namespace spool::media

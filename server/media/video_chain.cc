#include "server/media/video_chain.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace spool::media {
namespace {

const AVPixFmtDescriptor& Describe(AVPixelFormat format) {
  const AVPixFmtDescriptor* description = av_pix_fmt_desc_get(format);
  return *(description != nullptr ? description : av_pix_fmt_desc_get(AV_PIX_FMT_YUV420P));
}

bool IsRgb(AVPixelFormat format) { return (Describe(format).flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0; }
bool HasAlpha(AVPixelFormat format) {
  return (Describe(format).flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL)) != 0;
}
bool IsSubsampled(AVPixelFormat format) {
  return Describe(format).log2_chroma_w > 0 || Describe(format).log2_chroma_h > 0;
}
bool IsFullRangeFormat(AVPixelFormat format) {
  return format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_YUVJ422P || format == AV_PIX_FMT_YUVJ444P ||
         format == AV_PIX_FMT_YUVJ440P || format == AV_PIX_FMT_YUVJ411P;
}
bool IsEven(Size size) { return size.width % 2 == 0 && size.height % 2 == 0; }

bool IsStillCodec(const VideoTarget& target) { return target.encoder->codec == v1::VIDEO_CODEC_UNSPECIFIED; }

// zimg scales about 3.5 times as fast as swscale, but takes planar formats only, and no odd sizes with subsampled
// colour.
bool ZimgTakes(AVPixelFormat format, Size size) {
  const AVPixFmtDescriptor& d = Describe(format);
  constexpr uint64_t kRefused = AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL |
                                AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_BAYER;
  const bool planar = (d.flags & AV_PIX_FMT_FLAG_PLANAR) != 0;
  // NV12 and its kin keep two components in a plane.
  const bool one_per_plane = d.nb_components < 3 || d.comp[1].plane != d.comp[2].plane;
  return (d.flags & kRefused) == 0 && planar && one_per_plane && d.nb_components >= 3 && d.comp[0].depth >= 8 &&
         (!IsSubsampled(format) || IsEven(size));
}

const char* NameOf(AVPixelFormat format) { return av_get_pix_fmt_name(format); }

void AddOrientation(const Orientation& orientation, std::vector<std::string>& chain) {
  if (orientation.flip) chain.push_back("hflip");
  switch (orientation.degrees) {
    case 90:
      chain.push_back("transpose=clock");
      break;
    case 180:
      chain.push_back("hflip");
      chain.push_back("vflip");
      break;
    case 270:
      chain.push_back("transpose=cclock");
      break;
    default:
      break;
  }
}

// To linear light, into BT.709's primaries, tone-mapped, and back to what an 8-bit display expects.
void AddToneMap(const FrameShape& shape, std::vector<std::string>& chain) {
  // Streams often name the transfer and leave the rest out; HDR without a name is BT.2020.
  std::vector<std::string> unsaid;
  if (shape.matrix == AVCOL_SPC_UNSPECIFIED) unsaid.push_back("colorspace=bt2020nc");
  if (shape.primaries == AVCOL_PRI_UNSPECIFIED) unsaid.push_back("color_primaries=bt2020");
  if (shape.transfer == AVCOL_TRC_UNSPECIFIED) unsaid.push_back("color_trc=smpte2084");
  if (shape.range == AVCOL_RANGE_UNSPECIFIED) unsaid.push_back("range=limited");
  if (!unsaid.empty()) chain.push_back(absl::StrCat("setparams=", absl::StrJoin(unsaid, ":")));
  chain.push_back("zscale=t=linear:npl=100");
  chain.push_back("format=gbrpf32le");
  chain.push_back("zscale=p=bt709");
  chain.push_back("tonemap=hable:desat=0");
  chain.push_back("zscale=t=bt709:m=bt709:r=limited");
  chain.push_back("format=yuv420p");
}

// Onto white: the picture over itself painted white and opaque, so no second source with a clock of its own is needed.
void AddFlatten(std::vector<std::string>& chain) {
  chain.push_back(
      "format=rgba,split[front][back];[back]lutrgb=r=255:g=255:b=255:a=255[white];"
      "[white][front]overlay=format=rgb,format=rgb24");
}

// What JPEG and WebP are coded in, which have no place to say so.
bool IsBt601(AVColorSpace matrix) {
  return matrix == AVCOL_SPC_BT470BG || matrix == AVCOL_SPC_SMPTE170M || matrix == AVCOL_SPC_UNSPECIFIED;
}

std::string Swscale(Size to, const char* to_matrix, AVColorRange to_range) {
  std::string filter =
      absl::StrCat("scale=w=", to.width, ":h=", to.height, ":flags=bicubic+accurate_rnd+full_chroma_int");
  if (to_matrix != nullptr) absl::StrAppend(&filter, ":out_color_matrix=", to_matrix);
  if (to_range == AVCOL_RANGE_JPEG) absl::StrAppend(&filter, ":out_range=full");
  if (to_range == AVCOL_RANGE_MPEG) absl::StrAppend(&filter, ":out_range=limited");
  return filter;
}

}  // namespace

FrameShape FrameShape::Of(const AVFrame& frame) {
  FrameShape shape;
  shape.size = {frame.width, frame.height};
  shape.format = static_cast<AVPixelFormat>(frame.format);
  const bool has_aspect = frame.sample_aspect_ratio.num > 0 && frame.sample_aspect_ratio.den > 0;
  if (has_aspect) shape.pixel_aspect = frame.sample_aspect_ratio;
  shape.range = frame.color_range;
  shape.matrix = frame.colorspace;
  shape.transfer = frame.color_trc;
  shape.primaries = frame.color_primaries;
  shape.interlaced = frame.interlaced_frame != 0;
  return shape;
}

bool FrameShape::operator==(const FrameShape& other) const {
  return size == other.size && format == other.format && av_cmp_q(pixel_aspect, other.pixel_aspect) == 0 &&
         range == other.range && matrix == other.matrix && transfer == other.transfer && primaries == other.primaries &&
         interlaced == other.interlaced;
}

AVPixelFormat EncodedFormat(const FrameShape& shape, const VideoTarget& target) {
  const bool alpha = HasAlpha(shape.format) && !target.flatten;
  const int depth = Describe(shape.format).comp[0].depth;
  switch (target.encoder->id) {
    case AV_CODEC_ID_MJPEG:
      return AV_PIX_FMT_YUVJ420P;
    case AV_CODEC_ID_PNG:
      if (Describe(shape.format).nb_components == 1 && !HasAlpha(shape.format)) {
        return depth > 8 ? AV_PIX_FMT_GRAY16BE : AV_PIX_FMT_GRAY8;
      }
      if (depth > 8) return alpha ? AV_PIX_FMT_RGBA64BE : AV_PIX_FMT_RGB48BE;
      return alpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
    case AV_CODEC_ID_WEBP:
      return alpha ? AV_PIX_FMT_BGRA : AV_PIX_FMT_YUV420P;
    case AV_CODEC_ID_GIF:
      return AV_PIX_FMT_PAL8;
    default:
      if (alpha && target.encoder->keeps_alpha) return AV_PIX_FMT_YUVA420P;
      return target.ten_bit ? AV_PIX_FMT_YUV420P10 : AV_PIX_FMT_YUV420P;
  }
}

std::string VideoChain(const FrameShape& shape, const VideoTarget& target) {
  std::vector<std::string> chain;
  const AVPixelFormat to = EncodedFormat(shape, target);
  const bool keeps_alpha = HasAlpha(shape.format) && HasAlpha(to);
  AVPixelFormat now = shape.format;
  AVColorRange range = IsFullRangeFormat(now) ? AVCOL_RANGE_JPEG : shape.range;

  if (shape.interlaced) chain.push_back("bwdif=mode=send_frame:deint=interlaced");
  AddOrientation(target.orientation, chain);
  if (target.tone_map && !IsRgb(now)) {
    if (!IsEven(shape.size)) chain.push_back("crop=trunc(iw/2)*2:trunc(ih/2)*2");
    AddToneMap(shape, chain);
    now = AV_PIX_FMT_YUV420P;
    range = AVCOL_RANGE_MPEG;
  }
  if (target.flatten && HasAlpha(now)) {
    AddFlatten(chain);
    now = AV_PIX_FMT_RGB24;
  } else if ((Describe(now).flags & AV_PIX_FMT_FLAG_PAL) != 0) {
    // No scaler writes palettes, and colours between two entries are not in them.
    now = keeps_alpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
    chain.push_back(absl::StrCat("format=", NameOf(now)));
  }

  Picture picture;
  picture.stored = shape.size;
  picture.pixel_aspect = av_q2d(shape.pixel_aspect);
  picture.orientation = target.orientation;
  const Placement place = Place(picture, target.size, target.fit, target.rounding);
  if (place.crop != UprightSize(picture)) {
    chain.push_back(absl::StrCat("crop=w=", place.crop.width, ":h=", place.crop.height, ":x=", place.crop_x,
                                 ":y=", place.crop_y, ":exact=1"));
  }

  // Stills keep full range as their formats know no other; moving pictures get what players expect.
  const bool wants_yuv = !IsRgb(to);
  AVColorRange to_range = AVCOL_RANGE_UNSPECIFIED;
  if (wants_yuv && to == AV_PIX_FMT_YUVJ420P) to_range = AVCOL_RANGE_JPEG;
  if (wants_yuv && !IsStillCodec(target)) to_range = AVCOL_RANGE_MPEG;
  if (target.encoder->id == AV_CODEC_ID_WEBP && wants_yuv) to_range = AVCOL_RANGE_MPEG;
  const bool from_rgb = IsRgb(now) && wants_yuv;
  const bool range_changes = to_range != AVCOL_RANGE_UNSPECIFIED && range != to_range &&
                             (range == AVCOL_RANGE_JPEG || to_range == AVCOL_RANGE_JPEG);
  const bool scales = place.scaled != place.crop;
  const bool is_still = IsStillCodec(target);
  const bool matrix_changes = is_still && wants_yuv && !IsRgb(now) && !IsBt601(shape.matrix);
  if (scales || range_changes || from_rgb || matrix_changes) {
    // YUVJ is the old name of a full range format; zimg is told the range and the format both.
    const bool zimg = ZimgTakes(now, place.crop) && ZimgTakes(to, place.scaled) && IsRgb(now) == IsRgb(to) && !is_still;
    if (zimg) {
      std::string filter = absl::StrCat("zscale=w=", place.scaled.width, ":h=", place.scaled.height,
                                        ":filter=bicubic:param_a=0:param_b=0.6");
      if (range_changes) absl::StrAppend(&filter, ":rin=full:r=limited");
      chain.push_back(filter);
    } else {
      // RGB has no matrix of its own; moving pictures get what HD players assume, and say so.
      const char* matrix = is_still && wants_yuv ? "bt601" : from_rgb ? "bt709" : nullptr;
      chain.push_back(Swscale(place.scaled, matrix, to_range));
      if (from_rgb && !is_still) chain.push_back("setparams=range=limited:colorspace=bt709");
    }
  }
  const bool is_gif = target.encoder->id == AV_CODEC_ID_GIF;
  // Said even when nothing changes: libavfilter may settle on another format for the filters around it.
  const std::string pin_format = absl::StrCat("format=", NameOf(to));
  if (!is_gif) chain.push_back(pin_format);
  if (place.scaled != target.size) {
    chain.push_back(
        absl::StrCat("pad=w=", target.size.width, ":h=", target.size.height, ":x=", place.pad_x, ":y=", place.pad_y));
    // pad does not know every format.
    if (!is_gif) chain.push_back(pin_format);
  }
  chain.push_back("setsar=1");
  // A palette for each frame: one for all would have to see, and keep, all frames first.
  if (is_gif) {
    chain.push_back("split[look][paint];[look]palettegen=stats_mode=single[colours];[paint][colours]paletteuse=new=1");
  }
  return absl::StrJoin(chain, ",");
}

}  // namespace spool::media

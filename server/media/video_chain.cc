#include "server/media/video_chain.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
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

// Onto one colour: the picture over itself painted over and opaque, so no second source with a clock of its own is
// needed.
void AddFlatten(uint32_t matte, std::vector<std::string>& chain) {
  chain.push_back(absl::StrCat("format=rgba,split[front][back];[back]lutrgb=r=", matte >> 16 & 255,
                               ":g=", matte >> 8 & 255, ":b=", matte & 255,
                               ":a=255[matte];[matte][front]overlay=format=rgb,format=rgb24"));
}

// Which of the pictures are shown, and for how long.
void AddSelection(const VideoTarget& target, std::vector<std::string>& chain) {
  // How many are compared for the most typical one; all lie in memory.
  constexpr int kCompared = 24;
  if (target.typical) chain.push_back(absl::StrCat("thumbnail=n=", kCompared));
  if (target.sheet.has_value()) {
    // Each is taken from the middle of its stretch, the first stretch begins at zero, and one that ends early has its
    // picture all the same.
    chain.push_back(absl::StrCat("fps=fps=1000000/", absl::ToInt64Microseconds(target.sheet->interval),
                                 ":start_time=0:round=near:eof_action=pass"));
  }
  if (target.frame_rate.num > 0) {
    chain.push_back(absl::StrCat("fps=fps=", target.frame_rate.num, "/", target.frame_rate.den));
  }
}

// What JPEG and WebP are coded in, which have no place to say so.
bool IsBt601(AVColorSpace matrix) {
  return matrix == AVCOL_SPC_BT470BG || matrix == AVCOL_SPC_SMPTE170M || matrix == AVCOL_SPC_UNSPECIFIED;
}

std::string Swscale(Size to, v1::Scaler scaler, const char* to_matrix, AVColorRange to_range) {
  // Who asks for swscale by name wants what the ffmpeg program gives; the others get it a little more exact.
  const char* flags = scaler == v1::SCALER_SWSCALE ? "bicubic" : "bicubic+accurate_rnd+full_chroma_int";
  std::string filter = absl::StrCat("scale=w=", to.width, ":h=", to.height, ":flags=", flags);
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

FrameShape ExpectedShape(const v1::StreamInfo& info, const StreamFacts& facts) {
  FrameShape shape;
  shape.size = facts.picture.stored;
  shape.format = av_get_pix_fmt(info.format().c_str());
  if (shape.format == AV_PIX_FMT_NONE) shape.format = AV_PIX_FMT_YUV420P;
  shape.pixel_aspect = av_d2q(facts.picture.pixel_aspect, 1 << 16);
  shape.interlaced = facts.is_interlaced;
  if (facts.is_hdr) shape.transfer = AVCOL_TRC_SMPTE2084;
  return shape;
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
      if (const AVPixelFormat asked = FormatOf(target.pixel_format); asked != AV_PIX_FMT_NONE) return asked;
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
  // Before all that costs time for each picture.
  AddSelection(target, chain);
  AddOrientation(target.orientation, chain);
  if (target.tone_map && !IsRgb(now)) {
    if (!IsEven(shape.size)) chain.push_back("crop=trunc(iw/2)*2:trunc(ih/2)*2");
    AddToneMap(shape, chain);
    now = AV_PIX_FMT_YUV420P;
    range = AVCOL_RANGE_MPEG;
  }
  if (target.flatten && HasAlpha(now)) {
    AddFlatten(target.matte, chain);
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
  const Placement place = Place(picture, target.size, target.fit, target.rounding, target.gravity);
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
    const bool zimg = target.scaler != v1::SCALER_SWSCALE && ZimgTakes(now, place.crop) &&
                      ZimgTakes(to, place.scaled) && IsRgb(now) == IsRgb(to) && !is_still;
    if (zimg) {
      std::string filter = absl::StrCat("zscale=w=", place.scaled.width, ":h=", place.scaled.height,
                                        ":filter=bicubic:param_a=0:param_b=0.6");
      if (range_changes) absl::StrAppend(&filter, ":rin=full:r=limited");
      chain.push_back(filter);
    } else {
      // RGB has no matrix of its own; moving pictures get what HD players assume, and say so.
      const char* matrix = is_still && wants_yuv ? "bt601" : from_rgb ? "bt709" : nullptr;
      chain.push_back(Swscale(place.scaled, target.scaler, matrix, to_range));
      if (from_rgb && !is_still) chain.push_back("setparams=range=limited:colorspace=bt709");
    }
  }
  const bool is_gif = target.encoder->id == AV_CODEC_ID_GIF;
  // Said even when nothing changes: libavfilter may settle on another format for the filters around it.
  const std::string pin_format = absl::StrCat("format=", NameOf(to));
  if (!is_gif) chain.push_back(pin_format);
  if (place.scaled != target.size) {
    chain.push_back(absl::StrFormat("pad=w=%d:h=%d:x=%d:y=%d:color=0x%06x", target.size.width, target.size.height,
                                    place.pad_x, place.pad_y, target.bars));
    // pad does not know every format.
    if (!is_gif) chain.push_back(pin_format);
  }
  if (target.sheet.has_value()) {
    chain.push_back(absl::StrCat("tile=layout=", target.sheet->columns, "x", target.sheet->rows,
                                 ":nb_frames=", target.sheet->count));
  }
  chain.push_back("setsar=1");
  // A palette for each frame: one for all would have to see, and keep, all frames first.
  if (is_gif) {
    chain.push_back("split[look][paint];[look]palettegen=stats_mode=single[colours];[paint][colours]paletteuse=new=1");
  }
  return absl::StrJoin(chain, ",");
}

}  // namespace spool::media

#include "server/media/probe.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/av/allowed.h"
#include "server/av/failure.h"
#include "server/av/handles.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"
#include "server/media/exif.h"
#include "server/media/webp_file.h"

namespace spool::media {
namespace {

// Beginning of the file: enough for EXIF, EBML and RIFF headers.
std::string Head(int fd) {
  std::string head(64 * 1024, '\0');
  const ssize_t got = pread(fd, head.data(), head.size(), 0);
  head.resize(std::max<ssize_t>(got, 0));
  return head;
}

const char* KindName(AVMediaType type) {
  switch (type) {
    case AVMEDIA_TYPE_VIDEO:
      return "video";
    case AVMEDIA_TYPE_AUDIO:
      return "audio";
    case AVMEDIA_TYPE_SUBTITLE:
      return "subtitle";
    case AVMEDIA_TYPE_ATTACHMENT:
      return "attachment";
    default:
      return "data";
  }
}

// Splits libav's matrix into a flip and a turn; skewed ones count as upright.
Orientation OrientationOfMatrix(const int32_t* matrix) {
  std::array<int32_t, 9> m;
  std::copy_n(matrix, m.size(), m.begin());
  Orientation orientation;
  // A negative determinant mirrors. av_display_rotation_get reads only true rotations, so take the flip out first.
  const double determinant = static_cast<double>(m[0]) * m[4] - static_cast<double>(m[1]) * m[3];
  if (determinant < 0) {
    orientation.flip = true;
    av_display_matrix_flip(m.data(), 1, 0);
  }
  const double degrees = -av_display_rotation_get(m.data());
  if (!std::isfinite(degrees)) return {};
  // av_display_matrix_flip put the flip behind the turn; to have it in front, the turn goes the other way.
  const long quarters = std::lround(orientation.flip ? -degrees / 90 : degrees / 90);
  orientation.degrees = static_cast<int>((quarters % 4 + 4) % 4 * 90);
  return orientation;
}

double AspectOf(AVRational ratio) {
  const double aspect = ratio.num > 0 && ratio.den > 0 ? av_q2d(ratio) : 1;
  // Beyond this it is damage, not a format.
  return aspect > 1.0 / 64 && aspect < 64 ? aspect : 1;
}

bool IsInterlaced(AVFieldOrder order) {
  return order == AV_FIELD_TT || order == AV_FIELD_BB || order == AV_FIELD_TB || order == AV_FIELD_BT;
}

void FillPixelFormat(AVPixelFormat format, StreamFacts& facts, v1::StreamInfo& info) {
  const AVPixFmtDescriptor* description = av_pix_fmt_desc_get(format);
  if (description == nullptr) return;
  info.set_format(description->name);
  facts.bit_depth = description->comp[0].depth;
  // A palette may hold transparent colours; whether it does shows only in the frames.
  facts.has_alpha = (description->flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL)) != 0;
}

void FillVideo(AVFormatContext* context, AVStream* stream, StreamFacts& facts, v1::StreamInfo& info) {
  const AVCodecParameters& codec = *stream->codecpar;
  facts.picture.stored = {codec.width, codec.height};
  const AVRational aspect = av_guess_sample_aspect_ratio(context, stream, nullptr);
  facts.picture.pixel_aspect = AspectOf(aspect);
  if (const uint8_t* matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr); matrix != nullptr) {
    facts.picture.orientation = OrientationOfMatrix(reinterpret_cast<const int32_t*>(matrix));
  }
  FillPixelFormat(static_cast<AVPixelFormat>(codec.format), facts, info);
  // The VP8 and VP9 alpha plane travels beside the packets, unseen by codec parameters.
  const AVDictionaryEntry* alpha_mode = av_dict_get(stream->metadata, "alpha_mode", nullptr, 0);
  if (alpha_mode != nullptr && absl::string_view(alpha_mode->value) == "1") facts.has_alpha = true;
  facts.is_interlaced = IsInterlaced(codec.field_order);
  facts.is_hdr = codec.color_trc == AVCOL_TRC_SMPTE2084 || codec.color_trc == AVCOL_TRC_ARIB_STD_B67;
  const AVRational rate = av_guess_frame_rate(context, stream, nullptr);
  if (rate.num > 0 && rate.den > 0) info.set_frame_rate(av_q2d(rate));
  info.set_sample_aspect_ratio(facts.picture.pixel_aspect == 1 ? "1:1" : absl::StrCat(aspect.num, ":", aspect.den));
}

// Follows from the picture, so it is done again when the picture turns out otherwise.
void FillSizes(const Picture& picture, v1::StreamInfo& info) {
  info.set_coded_width(picture.stored.width);
  info.set_coded_height(picture.stored.height);
  info.set_rotation(picture.orientation.degrees);
  if (picture.stored.width <= 0 || picture.stored.height <= 0) return;
  const Size display = DisplaySize(picture);
  info.set_width(display.width);
  info.set_height(display.height);
}

void FillAudio(const AVCodecParameters& codec, v1::StreamInfo& info) {
  info.set_sample_rate(codec.sample_rate);
  info.set_channels(codec.ch_layout.nb_channels);
  std::array<char, 64> layout = {};
  if (codec.ch_layout.order != AV_CHANNEL_ORDER_UNSPEC &&
      av_channel_layout_describe(&codec.ch_layout, layout.data(), layout.size()) > 0) {
    info.set_channel_layout(layout.data());
  }
  if (const char* format = av_get_sample_fmt_name(static_cast<AVSampleFormat>(codec.format)); format != nullptr) {
    info.set_format(format);
  }
}

// Letters and dashes only: the tag is the file's, and need not even be text.
std::string LanguageOf(const AVStream& stream) {
  const AVDictionaryEntry* tag = av_dict_get(stream.metadata, "language", nullptr, 0);
  std::string language;
  for (const char* c = tag != nullptr ? tag->value : ""; *c != '\0' && language.size() < 32; ++c) {
    if (absl::ascii_isalpha(static_cast<unsigned char>(*c)) || *c == '-') language += *c;
  }
  return language == "und" ? "" : language;
}

StreamFacts LookAtStream(AVFormatContext* context, AVStream* stream, v1::StreamInfo& info) {
  StreamFacts facts;
  const AVCodecParameters& codec = *stream->codecpar;
  facts.codec = codec.codec_id;
  facts.decodable = av::FindDecoder(codec.codec_id) != nullptr;
  facts.is_default = (stream->disposition & AV_DISPOSITION_DEFAULT) != 0;
  facts.frames = std::max<int64_t>(stream->nb_frames, 0);

  info.set_index(stream->index);
  info.set_kind(KindName(codec.codec_type));
  info.set_codec(avcodec_get_name(codec.codec_id));
  if (const char* profile = avcodec_profile_name(codec.codec_id, codec.profile); profile != nullptr) {
    info.set_profile(profile);
  }
  info.set_bitrate_bps(std::max<int64_t>(codec.bit_rate, 0));
  if (stream->duration > 0) {
    *info.mutable_duration() =
        ToProto(absl::Microseconds(av_rescale_q(stream->duration, stream->time_base, AV_TIME_BASE_Q)));
  }
  info.set_language(LanguageOf(*stream));
  info.set_attached_picture((stream->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0);
  if (codec.codec_type == AVMEDIA_TYPE_VIDEO) FillVideo(context, stream, facts, info);
  if (codec.codec_type == AVMEDIA_TYPE_AUDIO) FillAudio(codec, info);
  return facts;
}

// "webm" or "matroska", from the EBML header: libav has one demuxer for both and does not tell.
bool SaysWebm(absl::string_view head) { return absl::StrContains(head.substr(0, 64), "webm"); }

v1::Container ContainerOf(AVFormatContext* context, absl::string_view head) {
  const absl::string_view name = context->iformat->name;
  if (absl::StartsWith(name, "matroska")) return SaysWebm(head) ? v1::CONTAINER_WEBM : v1::CONTAINER_MKV;
  if (absl::StartsWith(name, "mov,")) {
    const AVDictionaryEntry* brand = av_dict_get(context->metadata, "major_brand", nullptr, 0);
    const absl::string_view value = brand != nullptr ? absl::string_view(brand->value) : "";
    if (absl::StartsWith(value, "avi") || absl::StartsWith(value, "mif1")) return v1::CONTAINER_UNSPECIFIED;
    // Files without a brand are QuickTime's, from before there were brands.
    return value.empty() || absl::StartsWith(value, "qt") ? v1::CONTAINER_MOV : v1::CONTAINER_MP4;
  }
  if (name == "jpeg_pipe") return v1::CONTAINER_JPEG;
  if (name == "png_pipe") return v1::CONTAINER_PNG;
  if (name == "webp_pipe") return v1::CONTAINER_WEBP;
  if (name == "gif") return v1::CONTAINER_GIF;
  return v1::CONTAINER_UNSPECIFIED;
}

// Whether the first video stream has one packet only. Reads through an input of its own: not every demuxer that this is
// asked of can go back.
absl::StatusOr<bool> HasOnePacket(int fd, const char* extension) {
  av::InputOptions options;
  options.extension = extension;
  SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<av::Input> input, av::Input::Open(fd, options));
  av::PacketPtr packet(av_packet_alloc());
  if (packet == nullptr) return av::Failure(av::Reason::kOutOfMemory, "no memory for a packet");
  int packets = 0;
  while (packets < 2 && av_read_frame(input->context(), packet.get()) >= 0) {
    ++packets;
    av_packet_unref(packet.get());
  }
  return packets <= 1;
}

absl::StatusOr<bool> IsStill(AVFormatContext* context, const InputFacts& facts, int fd) {
  const absl::string_view name = context->iformat->name;
  if (absl::EndsWith(name, "_pipe") || name == "ico") return true;
  if (name == "gif" || name == "apng") return HasOnePacket(fd, "");
  // AVIF: one AV1 picture in a file of MP4's family.
  if (absl::StartsWith(name, "mov,") && facts.container == v1::CONTAINER_UNSPECIFIED && facts.streams.size() == 1) {
    return HasOnePacket(fd, "");
  }
  return false;
}

}  // namespace

absl::StatusOr<InputFacts> Probe(const av::Input& input, int fd) {
  AVFormatContext* context = input.context();
  const std::string head = Head(fd);
  if (IsAnimatedWebp(head)) {
    return av::Failure(av::Reason::kUnsupportedMedia, "the input is an animated WebP, which Spool cannot decode");
  }
  InputFacts facts;
  facts.container = ContainerOf(context, head);
  facts.info.set_format(context->iformat->name);
  facts.info.set_bytes(input.bytes());
  for (unsigned i = 0; i < context->nb_streams; ++i) {
    v1::StreamInfo& info = *facts.info.add_streams();
    facts.streams.push_back(LookAtStream(context, context->streams[i], info));
    facts.streams[i].breaks_off = input.breaks_off();
    if (facts.container == v1::CONTAINER_JPEG) facts.streams[i].picture.orientation = OrientationOfJpeg(head);
    if (info.kind() == "video") FillSizes(facts.streams[i].picture, info);
  }
  SPOOL_ASSIGN_OR_RETURN(const bool is_still, IsStill(context, facts, fd));
  facts.info.set_still_image(is_still);
  if (!is_still) {
    if (context->duration > 0) *facts.info.mutable_duration() = ToProto(absl::Microseconds(context->duration));
    facts.info.set_bitrate_bps(std::max<int64_t>(context->bit_rate, 0));
  }
  return facts;
}

}  // namespace spool::media

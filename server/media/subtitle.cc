#include "server/media/subtitle.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/av/allowed.h"
#include "server/av/error.h"
#include "server/av/failure.h"
#include "server/base/status_macros.h"

namespace spool::media {
namespace {

// More than any line of text with its styles.
constexpr int kMaxSubtitleBytes = 256 * 1024;
constexpr AVRational kMilliseconds = {1, 1000};

// Frees what libav put into a subtitle.
struct ScopedSubtitle {
  AVSubtitle subtitle = {};
  ~ScopedSubtitle() { avsubtitle_free(&subtitle); }
};

absl::Status NoMemory() { return av::Failure(av::Reason::kOutOfMemory, "no memory for subtitles"); }

}  // namespace

SubtitleConverter::SubtitleConverter(const AVStream& stream, std::unique_ptr<PacketSource> source,
                                     const TimeRange& range, Damage* damage)
    : stream_(stream), range_(range), damage_(damage), source_(std::move(source)) {}

absl::StatusOr<std::unique_ptr<SubtitleConverter>> SubtitleConverter::Create(const AVStream& stream,
                                                                             std::unique_ptr<PacketSource> source,
                                                                             AVCodecID target, bool global_header,
                                                                             const TimeRange& range, Damage* damage) {
  std::unique_ptr<SubtitleConverter> converter(new SubtitleConverter(stream, std::move(source), range, damage));
  SPOOL_RETURN_IF_ERROR(converter->OpenDecoder());
  SPOOL_RETURN_IF_ERROR(converter->OpenEncoder(target, global_header));
  return converter;
}

absl::Status SubtitleConverter::OpenDecoder() {
  const AVCodec* codec = av::FindDecoder(stream_.codecpar->codec_id);
  const std::string what = absl::StrCat("decode subtitle stream ", stream_.index);
  if (codec == nullptr) return av::Failure(av::Reason::kUnsupportedMedia, absl::StrCat(what, ": no decoder"));
  decoder_.reset(avcodec_alloc_context3(codec));
  if (decoder_ == nullptr) return NoMemory();
  int rc = avcodec_parameters_to_context(decoder_.get(), stream_.codecpar);
  decoder_->pkt_timebase = stream_.time_base;
  if (rc >= 0) rc = avcodec_open2(decoder_.get(), codec, nullptr);
  return rc < 0 ? av::AvError(rc, what, av::Reason::kInvalidMedia) : absl::OkStatus();
}

absl::Status SubtitleConverter::OpenEncoder(AVCodecID target, bool global_header) {
  const AVCodec* codec = avcodec_find_encoder_by_name(SubtitleEncoderFor(target));
  const std::string what = absl::StrCat("encode subtitle stream ", stream_.index);
  if (codec == nullptr) return av::Failure(av::Reason::kUnsupportedMedia, absl::StrCat(what, ": no encoder"));
  encoder_.reset(avcodec_alloc_context3(codec));
  if (encoder_ == nullptr) return NoMemory();
  encoder_->time_base = kMilliseconds;
  if (global_header) encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (decoder_->subtitle_header_size > 0) {
    encoder_->subtitle_header = static_cast<uint8_t*>(av_mallocz(decoder_->subtitle_header_size + 1));
    if (encoder_->subtitle_header == nullptr) return NoMemory();
    memcpy(encoder_->subtitle_header, decoder_->subtitle_header, decoder_->subtitle_header_size);
    encoder_->subtitle_header_size = decoder_->subtitle_header_size;
  }
  const int rc = avcodec_open2(encoder_.get(), codec, nullptr);
  return rc < 0 ? av::AvError(rc, what, av::Reason::kUnsupportedMedia) : absl::OkStatus();
}

absl::StatusOr<Pulled<av::PacketPtr>> SubtitleConverter::Next() {
  while (source_ != nullptr) {
    SPOOL_ASSIGN_OR_RETURN(Pulled<av::PacketPtr> pulled, source_->Next());
    auto* packet = std::get_if<av::PacketPtr>(&pulled);
    if (packet == nullptr) return pulled;
    SPOOL_ASSIGN_OR_RETURN(av::PacketPtr converted, Convert(**packet));
    if (converted != nullptr) return converted;
  }
  return End{};
}

absl::StatusOr<av::PacketPtr> SubtitleConverter::Convert(AVPacket& packet) {
  if (packet.pts == AV_NOPTS_VALUE) return av::PacketPtr();
  ScopedSubtitle decoded;
  int got = 0;
  if (avcodec_decode_subtitle2(decoder_.get(), &decoded.subtitle, &got, &packet) < 0) {
    damage_->AddDecodeError(stream_.index);
    return av::PacketPtr();
  }
  if (got == 0 || decoded.subtitle.num_rects == 0) return av::PacketPtr();

  int64_t start = av_rescale_q(packet.pts, packet.time_base, kMilliseconds) + decoded.subtitle.start_display_time;
  int64_t length = packet.duration > 0
                       ? av_rescale_q(packet.duration, packet.time_base, kMilliseconds)
                       : int64_t{decoded.subtitle.end_display_time} - decoded.subtitle.start_display_time;
  int64_t end = start + std::max<int64_t>(length, 0);
  const int64_t origin = absl::ToInt64Milliseconds(range_.start);
  if (end <= origin) return av::PacketPtr();
  if (range_.end != absl::InfiniteDuration()) {
    if (start >= absl::ToInt64Milliseconds(range_.end)) {
      source_.reset();
      return av::PacketPtr();
    }
    end = std::min(end, absl::ToInt64Milliseconds(range_.end));
  }
  start = std::max(start, origin) - origin;
  end -= origin;

  // Encoders want the times in the packet alone.
  decoded.subtitle.pts = av_rescale_q(start, kMilliseconds, AV_TIME_BASE_Q);
  decoded.subtitle.start_display_time = 0;
  decoded.subtitle.end_display_time = static_cast<uint32_t>(end - start);
  SPOOL_ASSIGN_OR_RETURN(av::PacketPtr encoded, Encode(decoded.subtitle));
  if (encoded == nullptr) return encoded;
  encoded->time_base = kMilliseconds;
  encoded->pts = encoded->dts = start;
  encoded->duration = end - start;
  encoded->flags |= AV_PKT_FLAG_KEY;
  return encoded;
}

absl::StatusOr<av::PacketPtr> SubtitleConverter::Encode(const AVSubtitle& subtitle) {
  av::PacketPtr packet(av_packet_alloc());
  if (packet == nullptr || av_new_packet(packet.get(), kMaxSubtitleBytes) < 0) return NoMemory();
  const int size = avcodec_encode_subtitle(encoder_.get(), packet->data, packet->size, &subtitle);
  if (size <= 0) {
    if (size < 0) damage_->AddDecodeError(stream_.index);
    return av::PacketPtr();
  }
  av_shrink_packet(packet.get(), size);
  return packet;
}

}  // namespace spool::media

#include "server/media/decoder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/av/allowed.h"
#include "server/av/colour_tags.h"
#include "server/av/error.h"
#include "server/av/failure.h"
#include "server/av/input.h"
#include "server/base/status_macros.h"

namespace spool::media {
Decoder::Decoder(const AVStream& stream, std::unique_ptr<PacketSource> source, const DecoderOptions& options,
                 Damage* damage)
    : stream_(stream), source_(std::move(source)), options_(options), damage_(damage) {}

absl::StatusOr<std::unique_ptr<Decoder>> Decoder::Create(const AVStream& stream, std::unique_ptr<PacketSource> source,
                                                         const DecoderOptions& options, Damage* damage) {
  std::unique_ptr<Decoder> decoder(new Decoder(stream, std::move(source), options, damage));
  SPOOL_RETURN_IF_ERROR(decoder->Open());
  return decoder;
}

absl::Status Decoder::Open() {
  const AVCodecParameters& parameters = *stream_.codecpar;
  const std::string what =
      absl::StrCat("decode stream ", stream_.index, " (", avcodec_get_name(parameters.codec_id), ")");
  const AVCodec* codec = av::FindDecoder(parameters.codec_id, options_.want_alpha);
  if (codec == nullptr) return av::Failure(av::Reason::kUnsupportedMedia, absl::StrCat(what, ": no decoder"));
  codec_.reset(avcodec_alloc_context3(codec));
  if (codec_ == nullptr) return av::Failure(av::Reason::kOutOfMemory, absl::StrCat(what, ": no memory"));
  int rc = avcodec_parameters_to_context(codec_.get(), &parameters);
  if (rc < 0) return av::AvError(rc, what, av::Reason::kInvalidMedia);
  codec_->pkt_timebase = stream_.time_base;
  codec_->thread_count = options_.threads;
  codec_->lowres = std::min<int>(options_.shrink, codec->max_lowres);
  if (options_.max_pixels > 0) codec_->max_pixels = options_.max_pixels;
  rc = avcodec_open2(codec_.get(), codec, nullptr);
  if (rc < 0) return av::AvError(rc, what, av::Reason::kInvalidMedia);
  return absl::OkStatus();
}

absl::StatusOr<Pulled<av::FramePtr>> Decoder::Next() {
  while (!ended_) {
    SPOOL_ASSIGN_OR_RETURN(Pulled<av::FramePtr> pulled, Decode());
    auto* frame = std::get_if<av::FramePtr>(&pulled);
    if (std::holds_alternative<End>(pulled) && before_ != nullptr) {
      ended_ = true;
      before_->pts = 0;
      return std::move(before_);
    }
    if (frame == nullptr) return pulled;
    Timestamp(**frame);
    const Place place = PlaceInRange(**frame);
    if (place == Place::kBefore) {
      if (options_.one_frame) before_ = std::move(*frame);
      continue;
    }
    before_ = nullptr;
    ended_ = place == Place::kAfter || options_.one_frame;
    if (ended_) source_.reset();
    if (place == Place::kInside) return pulled;
  }
  return End{};
}

absl::StatusOr<Pulled<av::FramePtr>> Decoder::Decode() {
  av::FramePtr frame(av_frame_alloc());
  if (frame == nullptr) return av::Failure(av::Reason::kOutOfMemory, "no memory for a frame");
  for (;;) {
    const int rc = avcodec_receive_frame(codec_.get(), frame.get());
    if (rc == 0) {
      av::DropUnknownColours(*frame);
      if ((frame->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame->decode_error_flags != 0) {
        damage_->AddDecodeError(stream_.index);
      }
      return frame;
    }
    if (rc == AVERROR_EOF) return End{};
    if (rc == AVERROR(ENOMEM)) return av::AvError(rc, absl::StrCat("decode stream ", stream_.index));
    if (rc != AVERROR(EAGAIN)) {
      damage_->AddDecodeError(stream_.index);
      // A codec that fails on nothing but the drain signal has given all it has.
      if (draining_) return End{};
    }
    SPOOL_ASSIGN_OR_RETURN(const bool fed, Feed());
    if (!fed) return NotYet{};
  }
}

absl::StatusOr<bool> Decoder::Feed() {
  SPOOL_ASSIGN_OR_RETURN(Pulled<av::PacketPtr> pulled, source_->Next());
  if (std::holds_alternative<NotYet>(pulled)) return false;
  av::PacketPtr packet;
  if (std::holds_alternative<End>(pulled)) {
    draining_ = true;
  } else {
    packet = std::get<av::PacketPtr>(std::move(pulled));
    // A packet without content would be taken for the drain signal.
    if (packet->size == 0 && packet->side_data_elems == 0) return true;
    // It would decode, in part, to noise.
    if (av_packet_get_side_data(packet.get(), AV_PKT_DATA_ENCRYPTION_INFO, nullptr) != nullptr) {
      return av::Failure(av::Reason::kUnsupportedMedia, absl::StrCat("stream ", stream_.index, " is encrypted"));
    }
  }
  if (packet != nullptr && options_.one_frame && codec_->codec_id == AV_CODEC_ID_MJPEG && av::JpegBreaksOff(*packet)) {
    damage_->AddDecodeError(stream_.index);
  }
  const int rc = avcodec_send_packet(codec_.get(), packet.get());
  if (rc == AVERROR(ENOMEM)) return av::AvError(rc, absl::StrCat("decode stream ", stream_.index));
  if (rc < 0 && rc != AVERROR_EOF) damage_->AddDecodeError(stream_.index);
  return true;
}

int64_t Decoder::DurationOf(const AVFrame& frame) const {
  if (stream_.codecpar->codec_type == AVMEDIA_TYPE_AUDIO && frame.sample_rate > 0) {
    return av_rescale_q(frame.nb_samples, {1, frame.sample_rate}, stream_.time_base);
  }
  if (frame.pkt_duration > 0) return frame.pkt_duration;
  const AVRational rate = stream_.avg_frame_rate.num > 0 ? stream_.avg_frame_rate : stream_.r_frame_rate;
  if (rate.num > 0 && rate.den > 0) return std::max<int64_t>(av_rescale_q(1, av_inv_q(rate), stream_.time_base), 1);
  return std::max<int64_t>(av_rescale_q(1, {1, 25}, stream_.time_base), 1);
}

void Decoder::Timestamp(AVFrame& frame) {
  frame.time_base = stream_.time_base;
  frame.pts = frame.best_effort_timestamp;
  const int64_t expected = last_pts_ == AV_NOPTS_VALUE ? 0 : last_pts_ + std::max<int64_t>(last_duration_, 1);
  const bool goes_back = last_pts_ != AV_NOPTS_VALUE && frame.pts <= last_pts_;
  if (frame.pts == AV_NOPTS_VALUE || goes_back) frame.pts = expected;
  last_pts_ = frame.pts;
  last_duration_ = DurationOf(frame);
  frame.pkt_duration = last_duration_;
}

Decoder::Place Decoder::PlaceInRange(AVFrame& frame) const {
  if (options_.range.is_all()) return Place::kInside;
  const int64_t start = av_rescale_q(absl::ToInt64Microseconds(options_.range.start), AV_TIME_BASE_Q, frame.time_base);
  // Timestamps are rounded to the container's ticks, so a quarter of a frame is no overlap.
  const int64_t slack = last_duration_ / 4;
  if (options_.range.end != absl::InfiniteDuration()) {
    const int64_t end = av_rescale_q(absl::ToInt64Microseconds(options_.range.end), AV_TIME_BASE_Q, frame.time_base);
    if (frame.pts + slack >= end) return Place::kAfter;
  }
  // A picture that is still on the screen at the start belongs to the part: it is its first. Sound is cut to the sample
  // by the audio filter, which sees from the negative time how much of it is too early.
  if (frame.pts + last_duration_ - slack <= start) return Place::kBefore;
  frame.pts -= start;
  if (stream_.codecpar->codec_type == AVMEDIA_TYPE_VIDEO) frame.pts = std::max<int64_t>(frame.pts, 0);
  return Place::kInside;
}

}  // namespace spool::media

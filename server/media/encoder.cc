#include "server/media/encoder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/av/error.h"
#include "server/av/failure.h"
#include "server/av/memory_files.h"
#include "server/base/status_macros.h"
#include "server/media/encoder_settings.h"

namespace spool::media {

absl::Status Encoder::Allocate(const char* encoder, bool global_header) {
  const AVCodec* codec = avcodec_find_encoder_by_name(encoder);
  if (codec == nullptr) {
    return av::Failure(av::Reason::kUnsupportedMedia, absl::StrCat("this machine's FFmpeg has no encoder ", encoder));
  }
  codec_.reset(avcodec_alloc_context3(codec));
  if (codec_ == nullptr) return av::Failure(av::Reason::kOutOfMemory, "no memory for an encoder");
  if (global_header) codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  return absl::OkStatus();
}

absl::Status Encoder::Open(av::Dictionary& settings, const std::string& what) {
  const int rc = avcodec_open2(codec_.get(), nullptr, settings.address());
  // What an encoder refuses to begin with is a size, rate or format that it does not do.
  if (rc < 0) return av::AvError(rc, what, av::Reason::kUnsupportedMedia);
  if (const AVDictionaryEntry* unknown = settings.first(); unknown != nullptr) {
    return av::Failure(av::Reason::kInternal, absl::StrCat(what, ": no option ", unknown->key));
  }
  return absl::OkStatus();
}

absl::StatusOr<Pulled<av::PacketPtr>> Encoder::Next() {
  av::PacketPtr packet(av_packet_alloc());
  if (packet == nullptr) return av::Failure(av::Reason::kOutOfMemory, "no memory for a packet");
  for (;;) {
    // Before the first frame the codec may not be open yet.
    const int rc = codec_ == nullptr ? AVERROR(EAGAIN) : avcodec_receive_packet(codec_.get(), packet.get());
    if (rc == 0) break;
    if (rc == AVERROR_EOF) return End{};
    if (rc != AVERROR(EAGAIN)) return av::AvError(rc, absl::StrCat("encode with ", codec_->codec->name));
    if (draining_) return End{};
    SPOOL_ASSIGN_OR_RETURN(Pulled<av::FramePtr> pulled, NextFrame());
    if (std::holds_alternative<NotYet>(pulled)) return NotYet{};
    if (auto* frame = std::get_if<av::FramePtr>(&pulled); frame != nullptr) {
      SPOOL_RETURN_IF_ERROR(Send(frame->get()));
    } else {
      draining_ = true;
      if (codec_ == nullptr) return End{};
      SPOOL_RETURN_IF_ERROR(Send(nullptr));
    }
  }
  packet->time_base = codec_->time_base;
  MendDts(*packet);
  if (const auto known = durations_.find(packet->pts); known != durations_.end()) {
    if (packet->duration <= 0) packet->duration = known->second;
    durations_.erase(known);
  }
  return packet;
}

void Encoder::MendDts(AVPacket& packet) {
  // x265 makes up its first decode times from frames that a stream of one or two does not have.
  constexpr int64_t kMostReorderTicks = INT32_MAX / 2;
  const bool is_sane =
      packet.dts != AV_NOPTS_VALUE && packet.dts <= packet.pts && packet.pts - packet.dts < kMostReorderTicks;
  if (!is_sane) packet.dts = last_dts_ == AV_NOPTS_VALUE ? packet.pts : std::min(packet.pts, last_dts_ + 1);
  last_dts_ = packet.dts;
}

absl::Status Encoder::Send(AVFrame* frame) {
  if (frame != nullptr) durations_[frame->pts] = frame->pkt_duration;
  const int rc = avcodec_send_frame(codec_.get(), frame);
  return rc < 0 && rc != AVERROR_EOF ? av::AvError(rc, absl::StrCat("encode with ", codec_->codec->name))
                                     : absl::OkStatus();
}

VideoTiming TimingFor(AVRational average_rate, AVRational base_rate, AVRational time_base) {
  auto is_rate = [](AVRational rate) { return rate.num > 0 && rate.den > 0 && av_q2d(rate) <= 1000; };
  VideoTiming timing;
  timing.frame_rate = is_rate(average_rate) ? average_rate : is_rate(base_rate) ? base_rate : AVRational{25, 1};
  if (is_rate(average_rate) && is_rate(base_rate)) {
    const double difference = av_q2d(average_rate) / av_q2d(base_rate) - 1;
    timing.constant = std::abs(difference) < 0.002;
  }
  if (timing.constant) {
    timing.frame_rate = base_rate;
    timing.time_base = av_inv_q(base_rate);
    return timing;
  }
  constexpr AVRational kFinest = {1, 90000};
  const bool is_base = time_base.num > 0 && time_base.den > 0;
  timing.time_base = is_base && av_cmp_q(time_base, kFinest) > 0 && av_q2d(time_base) <= 0.01 ? time_base : kFinest;
  return timing;
}

VideoEncoder::VideoEncoder(std::unique_ptr<FrameSource> source, VideoEncoderOptions options, Damage* damage)
    : options_(std::move(options)), damage_(damage), source_(std::move(source)) {}

absl::StatusOr<bool> VideoEncoder::OpenForFirstFrame() {
  SPOOL_ASSIGN_OR_RETURN(Pulled<av::FramePtr> pulled, source_->Next());
  if (std::holds_alternative<NotYet>(pulled)) {
    return av::Failure(av::Reason::kLimitExceeded, "the picture begins too far behind the other streams");
  }
  auto* frame = std::get_if<av::FramePtr>(&pulled);
  ended_ = frame == nullptr;
  if (ended_) return false;
  SPOOL_RETURN_IF_ERROR(OpenFor(**frame));
  first_ = std::move(*frame);
  return true;
}

void VideoEncoder::Anchor(const AVFrame& frame) {
  if (!timing_.constant) return;
  const AVRational frame_base = timing_.time_base;
  const int64_t off =
      frame.pts - av_rescale_q(av_rescale_q(frame.pts, frame.time_base, frame_base), frame_base, frame.time_base);
  // About a millisecond: within what containers round.
  if (std::abs(static_cast<double>(off) * av_q2d(frame.time_base)) < 0.0015) {
    return;
  }
  anchor_ = frame.pts;
  constexpr AVRational kMillisecond = {1, 1000};
  ticks_ = static_cast<int>(std::max<int64_t>(av_rescale_q(1, frame_base, kMillisecond), 1));
  timing_.time_base = av_mul_q(frame_base, {1, ticks_});
}

absl::Status VideoEncoder::OpenFor(const AVFrame& frame) {
  Anchor(frame);
  const VideoEncoderFacts& facts = *target_.encoder;
  SPOOL_RETURN_IF_ERROR(Allocate(facts.encoder, options_.global_header));
  codec_->width = frame.width;
  codec_->height = frame.height;
  codec_->pix_fmt = static_cast<AVPixelFormat>(frame.format);
  codec_->sample_aspect_ratio = {1, 1};
  codec_->color_range = frame.color_range;
  codec_->color_primaries = frame.color_primaries;
  codec_->color_trc = frame.color_trc;
  codec_->colorspace = frame.colorspace;
  codec_->chroma_sample_location = frame.chroma_location;
  codec_->time_base = timing_.time_base;
  codec_->framerate = timing_.frame_rate;
  // libvpx takes this for every frame's length, and its rate control goes by it.
  codec_->ticks_per_frame =
      std::max<int>(1, static_cast<int>(std::lround(1 / (av_q2d(timing_.frame_rate) * av_q2d(timing_.time_base)))));
  codec_->thread_count = options_.threads;
  codec_->bit_rate = target_.bitrate_bps;
  if (facts.id == AV_CODEC_ID_MJPEG) {
    codec_->flags |= AV_CODEC_FLAG_QSCALE;
    codec_->global_quality = JpegScaleFor(target_.quality) * FF_QP2LAMBDA;
    codec_->qmin = 1;
  }
  av::Dictionary settings;
  for (const auto& [key, value] : EncoderSettings(target_, options_.threads, HdrMetadata::Of(frame))) {
    settings.Set(key.c_str(), value);
  }
  if (target_.keyframe_interval > absl::ZeroDuration()) {
    // Key frames are asked for by time; the encoder's own distance is only to stay out of the way, for those that
    // take no such wishes it is the one that counts.
    const double frames = absl::ToDoubleSeconds(target_.keyframe_interval) * av_q2d(timing_.frame_rate);
    const bool takes_wishes = facts.codec != v1::VIDEO_CODEC_AV1;
    codec_->gop_size = std::max(1, static_cast<int>(std::lround(takes_wishes ? 2 * frames : frames)));
  }
  if (options_.pass != Pass::kOnly) SetUpPass(settings);
  return Open(settings, absl::StrCat("encode ", frame.width, "x", frame.height, " with ", facts.encoder));
}

void VideoEncoder::SetUpPass(av::Dictionary& settings) {
  const bool first = options_.pass == Pass::kFirst;
  codec_->flags |= first ? AV_CODEC_FLAG_PASS1 : AV_CODEC_FLAG_PASS2;
  switch (target_.encoder->id) {
    case AV_CODEC_ID_H264:
      settings.Set("stats", av::MemoryFileName(*options_.pass_log));
      break;
    case AV_CODEC_ID_HEVC:
      settings.Append("x265-params",
                      absl::StrCat(":pass=", first ? 1 : 2, ":stats=", av::MemoryFileName(*options_.pass_log)));
      break;
    default:
      // libvpx hands over text, and reads it for as long as it lives.
      if (!first) codec_->stats_in = av_strdup(options_.pass_log->c_str());
      break;
  }
}

void VideoEncoder::PlaceKeyFrame(AVFrame& frame) {
  if (target_.keyframe_interval <= absl::ZeroDuration()) return;
  const int64_t due =
      av_rescale_q(absl::ToInt64Microseconds(target_.keyframe_interval * keys_), AV_TIME_BASE_Q, codec_->time_base);
  if (frame.pts < due) return;
  frame.pict_type = AV_PICTURE_TYPE_I;
  const int64_t micros = av_rescale_q(frame.pts, codec_->time_base, AV_TIME_BASE_Q);
  keys_ = micros / absl::ToInt64Microseconds(target_.keyframe_interval) + 1;
}

absl::Status VideoEncoder::LookAtAll(
    absl::AnyInvocable<absl::Status(int64_t frames, absl::Duration media_time)> after_frame) {
  for (;;) {
    SPOOL_ASSIGN_OR_RETURN(const Pulled<av::PacketPtr> pulled, Next());
    // Nothing else is being pulled, so nothing can bring up what is missing here.
    if (std::holds_alternative<NotYet>(pulled)) {
      return av::Failure(av::Reason::kLimitExceeded, "the picture lies too far behind the other streams");
    }
    if (std::holds_alternative<End>(pulled)) break;
    const int64_t micros = last_pts_ == AV_NOPTS_VALUE ? 0 : av_rescale_q(last_pts_, codec_->time_base, AV_TIME_BASE_Q);
    SPOOL_RETURN_IF_ERROR(after_frame(frames_, absl::Microseconds(std::max<int64_t>(micros, 0))));
  }
  if (codec_->stats_out != nullptr) *options_.pass_log = codec_->stats_out;
  return absl::OkStatus();
}

bool VideoEncoder::Retime(AVFrame& frame) {
  const AVRational frame_base = av_mul_q(codec_->time_base, {ticks_, 1});
  int64_t pts = timing_.constant ? av_rescale_q(anchor_, frame.time_base, codec_->time_base) +
                                       ticks_ * av_rescale_q(frame.pts - anchor_, frame.time_base, frame_base)
                                 : av_rescale_q(frame.pts, frame.time_base, codec_->time_base);
  if (last_pts_ != AV_NOPTS_VALUE && pts <= last_pts_) {
    // Two frames that round to one tick: the second may take the next. Further behind, it would push all others on.
    if (pts < last_pts_) {
      damage_->Note("frames that lay closer together than the stream's frame rate were left out");
      return false;
    }
    pts = last_pts_ + ticks_;
  }
  // A filter's frames say in pkt_duration what its input's said.
  frame.pkt_duration = timing_.constant ? ticks_ : av_rescale_q(frame.pkt_duration, frame.time_base, codec_->time_base);
  frame.pts = last_pts_ = pts;
  frame.time_base = codec_->time_base;
  // The decoder's choice is not to be repeated.
  frame.pict_type = AV_PICTURE_TYPE_NONE;
  PlaceKeyFrame(frame);
  return true;
}

absl::StatusOr<Pulled<av::FramePtr>> VideoEncoder::NextFrame() {
  while (!ended_) {
    av::FramePtr frame = std::move(first_);
    if (frame == nullptr) {
      SPOOL_ASSIGN_OR_RETURN(Pulled<av::FramePtr> pulled, source_->Next());
      if (std::holds_alternative<NotYet>(pulled)) return NotYet{};
      if (std::holds_alternative<End>(pulled)) break;
      frame = std::get<av::FramePtr>(std::move(pulled));
    }
    if (!Retime(*frame)) continue;
    ++frames_;
    ended_ = target_.one_frame;
    return frame;
  }
  ended_ = true;
  // Wants no more of what lies before it.
  source_.reset();
  return End{};
}

absl::StatusOr<std::unique_ptr<AudioEncoder>> AudioEncoder::Create(const AudioTarget& target, bool global_header) {
  std::unique_ptr<AudioEncoder> encoder(new AudioEncoder);
  SPOOL_RETURN_IF_ERROR(encoder->Allocate(AudioEncoderFor(target.codec), global_header));
  AVCodecContext& codec = *encoder->codec_;
  codec.sample_rate = target.sample_rate;
  codec.time_base = {1, target.sample_rate};
  codec.bit_rate = target.bitrate_bps;
  codec.sample_fmt = codec.codec->sample_fmts[0];
  if (av_channel_layout_copy(&codec.ch_layout, &target.layout) < 0) {
    return av::Failure(av::Reason::kOutOfMemory, "no memory for an encoder");
  }
  av::Dictionary none;
  SPOOL_RETURN_IF_ERROR(
      encoder->Open(none, absl::StrCat("encode ", target.sample_rate, " Hz, ", target.layout.nb_channels,
                                       " channels with ", codec.codec->name)));
  encoder->fifo_.reset(av_audio_fifo_alloc(codec.sample_fmt, codec.ch_layout.nb_channels, codec.sample_rate));
  if (encoder->fifo_ == nullptr) return av::Failure(av::Reason::kOutOfMemory, "no memory for sound");
  return encoder;
}

absl::Status AudioEncoder::Keep(const AVFrame& frame) {
  if (av_audio_fifo_size(fifo_.get()) == 0) {
    const int64_t pts = av_rescale_q(frame.pts, frame.time_base, codec_->time_base);
    next_pts_ = next_pts_ == AV_NOPTS_VALUE ? pts : std::max(next_pts_, pts);
  }
  const int put = av_audio_fifo_write(fifo_.get(), reinterpret_cast<void**>(frame.extended_data), frame.nb_samples);
  return put < frame.nb_samples ? av::Failure(av::Reason::kOutOfMemory, "no memory for sound") : absl::OkStatus();
}

absl::StatusOr<av::FramePtr> AudioEncoder::TakeChunk() {
  const int held = av_audio_fifo_size(fifo_.get());
  const int wanted = codec_->frame_size > 0 ? codec_->frame_size : std::max(held, 1);
  if (held == 0 || (held < wanted && !source_ended_)) return av::FramePtr();
  av::FramePtr chunk(av_frame_alloc());
  if (chunk == nullptr) return av::Failure(av::Reason::kOutOfMemory, "no memory for a frame");
  chunk->nb_samples = std::min(held, wanted);
  chunk->format = codec_->sample_fmt;
  chunk->sample_rate = codec_->sample_rate;
  if (av_channel_layout_copy(&chunk->ch_layout, &codec_->ch_layout) < 0 || av_frame_get_buffer(chunk.get(), 0) < 0 ||
      av_audio_fifo_read(fifo_.get(), reinterpret_cast<void**>(chunk->extended_data), chunk->nb_samples) <
          chunk->nb_samples) {
    return av::Failure(av::Reason::kOutOfMemory, "no memory for a frame of sound");
  }
  chunk->time_base = codec_->time_base;
  chunk->pts = next_pts_;
  chunk->pkt_duration = chunk->nb_samples;
  next_pts_ += chunk->nb_samples;
  return chunk;
}

absl::StatusOr<Pulled<av::FramePtr>> AudioEncoder::NextFrame() {
  for (;;) {
    SPOOL_ASSIGN_OR_RETURN(av::FramePtr chunk, TakeChunk());
    if (chunk != nullptr) return chunk;
    if (source_ended_) return End{};
    SPOOL_ASSIGN_OR_RETURN(Pulled<av::FramePtr> pulled, source_->Next());
    if (std::holds_alternative<NotYet>(pulled)) return NotYet{};
    if (auto* frame = std::get_if<av::FramePtr>(&pulled); frame != nullptr) {
      SPOOL_RETURN_IF_ERROR(Keep(**frame));
    } else {
      source_ended_ = true;
    }
  }
}

}  // namespace spool::media

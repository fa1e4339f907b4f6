#include "server/media/output_line.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/av/error.h"
#include "server/av/failure.h"
#include "server/base/status_macros.h"
#include "server/media/copier.h"
#include "server/media/decoder.h"
#include "server/media/filters.h"
#include "server/media/metadata.h"
#include "server/media/proof.h"
#include "server/media/subtitle.h"
#include "server/media/thread_stage.h"

namespace spool::media {
namespace {

// Frames that may lie between two threads. More only take memory: the slower of the two sets the pace.
constexpr size_t kFramesBetween = 8;
// Packets are small, and an encoder that had to wait for the muxer could keep the other outputs from their frames.
constexpr size_t kPacketsBetween = 1 << 20;

absl::Status NoMemory() { return av::Failure(av::Reason::kOutOfMemory, "no memory for an output stream"); }

// What a copied stream knows beside its codec's parameters: how it is turned, its light, its channels' loudness.
absl::Status CopySideData(const AVStream& from, AVStream* to) {
  for (int i = 0; i < from.nb_side_data; ++i) {
    const AVPacketSideData& data = from.side_data[i];
    uint8_t* copy = av_stream_new_side_data(to, data.type, data.size);
    if (copy == nullptr) return NoMemory();
    std::copy_n(data.data, data.size, copy);
  }
  return absl::OkStatus();
}

// The tag by which the container names the codec: the input's where it means the same there.
uint32_t TagFor(const AVCodecParameters& codec, const AVOutputFormat& format) {
  if (codec.codec_id == AV_CODEC_ID_HEVC) {
    // Apple's players want hvc1: parameter sets in the header only.
    constexpr uint32_t kHvc1 = MKTAG('h', 'v', 'c', '1');
    return av_codec_get_id(format.codec_tag, kHvc1) == AV_CODEC_ID_HEVC ? kHvc1 : 0;
  }
  return av_codec_get_id(format.codec_tag, codec.codec_tag) == codec.codec_id ? codec.codec_tag : 0;
}

}  // namespace

absl::Status NoFrames(const AVFormatContext& input, const v1::StreamOutcome& outcome) {
  const std::string stream = absl::StrCat("video stream ", outcome.input_index(), " (", outcome.input_codec(), ")");
  for (unsigned i = 0; i < input.nb_streams; ++i) {
    if (av_stream_get_side_data(input.streams[i], AV_PKT_DATA_ENCRYPTION_INIT_INFO, nullptr) != nullptr) {
      return av::Failure(av::Reason::kUnsupportedMedia, absl::StrCat(stream, " is encrypted"));
    }
  }
  return av::Failure(av::Reason::kInvalidMedia, absl::StrCat(stream, " has no decodable frames"));
}

VideoEncoderOptions EncoderOptionsFor(const AVStream& stream, const VideoTarget& target, int threads,
                                      bool global_header) {
  VideoEncoderOptions options;
  options.target = target;
  const bool has_rate = target.frame_rate.num > 0;
  options.timing = has_rate ? TimingFor(target.frame_rate, target.frame_rate, stream.time_base)
                            : TimingFor(stream.avg_frame_rate, stream.r_frame_rate, stream.time_base);
  options.threads = threads;
  options.global_header = global_header;
  return options;
}

std::unique_ptr<FrameSource> FilteredPicture(std::unique_ptr<FrameSource> picture, const StreamFacts& facts,
                                             const VideoTarget& target, int threads) {
  return std::make_unique<VideoFilter>(std::move(picture), target, facts.picture.pixel_aspect, facts.is_interlaced,
                                       threads);
}

OutputLine::OutputLine(av::Input* input, const InputFacts& facts, const RunOptions& options, const LineOrder& order,
                       const LineThreads& threads, Demuxer* demuxer, Damage* damage)
    : input_(input),
      facts_(facts),
      options_(options),
      order_(order),
      plan_(*order.plan),
      threads_(threads),
      demuxer_(demuxer),
      damage_(damage) {
  for (const StreamPlan& stream : plan_.streams) outcomes_.push_back(stream.outcome);
}

void OutputLine::Select() {
  for (const StreamPlan& stream : plan_.streams) {
    const v1::StreamOutcome& outcome = stream.outcome;
    const int index = outcome.input_index();
    if (outcome.action() == v1::STREAM_ACTION_DROPPED) continue;
    // Its frames come decoded.
    if (std::holds_alternative<VideoTarget>(stream.target)) continue;
    const bool is_cover = (input_->context()->streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
    const bool is_sparse =
        (is_cover && index != plan_.main_video) || (outcome.kind() != "video" && outcome.kind() != "audio");
    const Appetite appetite = is_sparse ? Appetite::kSparse : Appetite::kFull;
    selected_[index] = {demuxer_->Select(index, appetite), appetite};
  }
}

absl::Status OutputLine::Build(std::unique_ptr<FrameSource> picture) {
  SPOOL_ASSIGN_OR_RETURN(
      std::unique_ptr<av::Output> output,
      av::Output::Create(order_.fd, FactsOf(plan_.container).muxer, options_.limits.max_output_bytes));
  muxer_ = std::make_unique<Muxer>(std::move(output));
  for (const StreamPlan& stream : plan_.streams) SPOOL_RETURN_IF_ERROR(AddStream(stream, picture));
  if (plan_.strip_metadata) return absl::OkStatus();
  return CopyFileMetadata(*input_->context(), plan_.range, muxer_->context());
}

bool OutputLine::wants_global_header() const { return (muxer_->context()->oformat->flags & AVFMT_GLOBALHEADER) != 0; }

absl::Status OutputLine::AddStream(const StreamPlan& plan, std::unique_ptr<FrameSource>& picture) {
  if (plan.outcome.action() == v1::STREAM_ACTION_COPIED) return AddCopy(plan);
  if (const auto* video = std::get_if<VideoTarget>(&plan.target)) return AddVideo(plan, *video, std::move(picture));
  if (const auto* audio = std::get_if<AudioTarget>(&plan.target)) return AddAudio(plan, *audio);
  if (const auto* subtitle = std::get_if<SubtitleTarget>(&plan.target)) return AddSubtitle(plan, *subtitle);
  return absl::OkStatus();
}

absl::StatusOr<AVStream*> OutputLine::NewStream(int index, const AVCodecContext* codec) {
  AVStream* stream = avformat_new_stream(muxer_->context(), nullptr);
  if (stream == nullptr) return NoMemory();
  inputs_.push_back(index);
  CopyStreamMetadata(*input_->context()->streams[index], plan_.strip_metadata, stream);
  if (codec == nullptr) return stream;
  if (avcodec_parameters_from_context(stream->codecpar, codec) < 0) return NoMemory();
  stream->codecpar->codec_tag = TagFor(*stream->codecpar, *muxer_->context()->oformat);
  // Matroska's mark that alpha comes beside the packets. It is about the coding, which is new.
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(codec->pix_fmt);
  const bool has_alpha = format != nullptr && (format->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
  av_dict_set(&stream->metadata, "alpha_mode", has_alpha ? "1" : nullptr, 0);
  stream->time_base = codec->time_base;
  stream->sample_aspect_ratio = codec->sample_aspect_ratio;
  return stream;
}

absl::Status OutputLine::AddCopy(const StreamPlan& plan) {
  const int index = plan.outcome.input_index();
  const AVStream& from = *input_->context()->streams[index];
  SPOOL_ASSIGN_OR_RETURN(AVStream * to, NewStream(index, nullptr));
  if (avcodec_parameters_copy(to->codecpar, from.codecpar) < 0) return NoMemory();
  to->codecpar->codec_tag = TagFor(*from.codecpar, *muxer_->context()->oformat);
  to->time_base = from.time_base;
  // The container's word on the pixels' shape, as players take it; muxers refuse a codec that says otherwise.
  if (from.sample_aspect_ratio.num > 0) to->codecpar->sample_aspect_ratio = from.sample_aspect_ratio;
  to->sample_aspect_ratio = to->codecpar->sample_aspect_ratio;
  to->avg_frame_rate = from.avg_frame_rate;
  to->r_frame_rate = from.r_frame_rate;
  SPOOL_RETURN_IF_ERROR(CopySideData(from, to));
  Selected& selected = selected_[index];
  std::unique_ptr<PacketSource> copied = std::make_unique<Copier>(from, std::move(selected.source), plan_.range);
  const bool can_be_decoded =
      from.codecpar->codec_type == AVMEDIA_TYPE_VIDEO || from.codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
  if (plan_.fail_on_damage && can_be_decoded) {
    DecoderOptions decoder;
    decoder.threads = threads_.encoder;
    decoder.max_pixels = options_.limits.max_pixels;
    SPOOL_ASSIGN_OR_RETURN(copied, Prove(from, std::move(copied), decoder, damage_));
  }
  muxer_->Connect(to, std::move(copied), selected.appetite, /*counted=*/index == plan_.main_video);
  return absl::OkStatus();
}

absl::Status OutputLine::AddVideo(const StreamPlan& plan, const VideoTarget& target,
                                  std::unique_ptr<FrameSource> picture) {
  const int index = plan.outcome.input_index();
  const AVStream& from = *input_->context()->streams[index];
  std::unique_ptr<FrameSource> frames =
      FilteredPicture(std::move(picture), facts_.streams[index], target, threads_.filter);
  if (threads_.own) frames = std::make_unique<FrameThread>(std::move(frames), kFramesBetween);
  VideoEncoderOptions options = EncoderOptionsFor(from, target, threads_.encoder, wants_global_header());
  if (order_.pass_log != nullptr) {
    options.pass = Pass::kSecond;
    options.pass_log = order_.pass_log;
  }
  const AVRational frame_rate = options.timing.frame_rate;
  auto encoder = std::make_unique<VideoEncoder>(std::move(frames), std::move(options), damage_);
  SPOOL_ASSIGN_OR_RETURN(const bool has_frames, encoder->OpenForFirstFrame());
  if (!has_frames) return NoFrames(*input_->context(), plan.outcome);
  SPOOL_ASSIGN_OR_RETURN(AVStream * to, NewStream(index, &encoder->codec()));
  to->avg_frame_rate = frame_rate;
  std::unique_ptr<PacketSource> packets = std::move(encoder);
  if (threads_.own) packets = std::make_unique<PacketThread>(std::move(packets), kPacketsBetween);
  muxer_->Connect(to, std::move(packets), Appetite::kFull, /*counted=*/true);
  return absl::OkStatus();
}

absl::Status OutputLine::AddAudio(const StreamPlan& plan, const AudioTarget& target) {
  const int index = plan.outcome.input_index();
  const AVStream& from = *input_->context()->streams[index];
  DecoderOptions options;
  options.range = plan_.range;
  absl::StatusOr<std::unique_ptr<Decoder>> decoder =
      Decoder::Create(from, std::move(selected_[index].source), options, damage_);
  if (!decoder.ok() && plan_.main_video >= 0 && av::ReasonOf(decoder.status()) != av::Reason::kOutOfMemory) {
    // A profile that the decoder does not know shows only now. The picture is worth having without this sound.
    return DropAfterAll(index, decoder.status());
  }
  SPOOL_RETURN_IF_ERROR(decoder.status());
  SPOOL_ASSIGN_OR_RETURN(auto encoder, AudioEncoder::Create(target, wants_global_header()));
  const auto loudness = order_.loudness.find(index);
  encoder->SetSource(std::make_unique<AudioFilter>(*std::move(decoder), target, plan_.range,
                                                   encoder->codec().sample_fmt,
                                                   loudness != order_.loudness.end() ? loudness->second : ""));
  SPOOL_ASSIGN_OR_RETURN(AVStream * to, NewStream(index, &encoder->codec()));
  muxer_->Connect(to, std::move(encoder), Appetite::kFull);
  return absl::OkStatus();
}

absl::Status OutputLine::DropAfterAll(int index, const absl::Status& why) {
  v1::StreamOutcome& outcome = outcomes_[index];
  outcome.set_action(v1::STREAM_ACTION_DROPPED);
  outcome.clear_output_codec();
  outcome.set_reason(std::string(why.message()));
  damage_->Note(absl::StrCat(outcome.kind(), " stream ", index, " (", outcome.input_codec(),
                             ") was dropped: ", outcome.reason()));
  return absl::OkStatus();
}

absl::Status OutputLine::AddSubtitle(const StreamPlan& plan, const SubtitleTarget& target) {
  const int index = plan.outcome.input_index();
  const AVStream& from = *input_->context()->streams[index];
  SPOOL_ASSIGN_OR_RETURN(auto converter,
                         SubtitleConverter::Create(from, std::move(selected_[index].source), target.codec,
                                                   wants_global_header(), plan_.range, damage_));
  SPOOL_ASSIGN_OR_RETURN(AVStream * to, NewStream(index, &converter->codec()));
  muxer_->Connect(to, std::move(converter), Appetite::kSparse);
  return absl::OkStatus();
}

absl::StatusOr<std::map<std::string, int>> OutputLine::WrittenStreams() const {
  std::map<std::string, int> streams;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const v1::StreamOutcome& outcome = plan_.streams[inputs_[i]].outcome;
    if (outcome.kind() != "video" && outcome.kind() != "audio") continue;
    const std::string name =
        absl::StrCat(outcome.kind(), " stream ", outcome.input_index(), " (", outcome.input_codec(), ")");
    if (muxer_->written(i).packets > 0) {
      ++streams[outcome.kind()];
    } else if (inputs_[i] == plan_.main_video) {
      return av::Failure(av::Reason::kInvalidMedia, absl::StrCat(name, " has no pictures that can be used"));
    } else {
      damage_->Add(absl::StrCat(name, " has nothing in it that can be used"));
    }
  }
  if (streams.empty()) return av::Failure(av::Reason::kInvalidMedia, "the input has no sound that can be used");
  return streams;
}

absl::Status OutputLine::CheckLimits() const {
  const absl::Duration most = options_.limits.max_media_duration;
  if (most > absl::ZeroDuration() && muxer_->progress().media_time > most) {
    return av::Failure(av::Reason::kLimitExceeded,
                       absl::StrCat("the output lasts longer than ", absl::FormatDuration(most)));
  }
  if (plan_.fail_on_damage && damage_->any()) {
    const std::vector<std::string> warnings = damage_->Warnings();
    return av::Failure(av::Reason::kInvalidMedia, absl::StrCat("the input is damaged: ", warnings.back()));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> OutputLine::Step() {
  if (!begun_) {
    av::Dictionary settings;
    if (plan_.container == v1::CONTAINER_MP4 || plan_.container == v1::CONTAINER_MOV) {
      settings.Set("movflags", "+faststart");
    }
    // For ever, as every preview does.
    if (plan_.container == v1::CONTAINER_WEBP) settings.Set("loop", "0");
    SPOOL_RETURN_IF_ERROR(muxer_->Begin(settings));
    begun_ = true;
  }
  SPOOL_ASSIGN_OR_RETURN(const bool more, muxer_->Step());
  SPOOL_RETURN_IF_ERROR(CheckLimits());
  if (!more) SPOOL_RETURN_IF_ERROR(muxer_->Finish());
  return more;
}

void OutputLine::Abandon() {
  selected_.clear();
  muxer_.reset();
}

}  // namespace spool::media

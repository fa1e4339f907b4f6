#include "server/media/pipeline.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/av/error.h"
#include "server/av/failure.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"
#include "server/media/copier.h"
#include "server/media/decoder.h"
#include "server/media/filters.h"
#include "server/media/metadata.h"
#include "server/media/subtitle.h"

namespace spool::media {
namespace {

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

// How far a JPEG may be shrunk while it is decoded, which is nearly free: to no less than the size that is wanted.
int ShrinkFor(const StreamFacts& facts, const VideoTarget& target) {
  if (facts.codec != AV_CODEC_ID_MJPEG || !target.one_frame) return 0;
  const Size size = UprightSize(facts.picture);
  const double ratio = std::min(static_cast<double>(size.width) / target.size.width,
                                static_cast<double>(size.height) / target.size.height);
  return ratio < 2 ? 0 : std::min(3, static_cast<int>(std::log2(ratio)));
}

}  // namespace

Pipeline::Pipeline(av::Input* input, const InputFacts& facts, const Plan& plan, const RunOptions& options,
                   ProgressMeter* progress, Damage* damage)
    : input_(input),
      facts_(facts),
      plan_(plan),
      options_(options),
      damage_(damage),
      progress_(progress),
      demuxer_(input, damage, [this] { progress_->Update(done()); }) {
  for (const StreamPlan& stream : plan.streams) outcomes_.push_back(stream.outcome);
}

absl::StatusOr<std::unique_ptr<Pipeline>> Pipeline::Create(av::Input* input, const InputFacts& facts, const Plan& plan,
                                                           const RunOptions& options, int output_fd,
                                                           ProgressMeter* progress, Damage* damage) {
  std::unique_ptr<Pipeline> pipeline(new Pipeline(input, facts, plan, options, progress, damage));
  SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<av::Output> output,
                         av::Output::Create(output_fd, FactsOf(plan.container).muxer, options.limits.max_output_bytes));
  pipeline->muxer_ = std::make_unique<Muxer>(std::move(output));
  if (plan.range.start > absl::ZeroDuration()) SPOOL_RETURN_IF_ERROR(pipeline->demuxer_.SeekTo(plan.range.start));
  // All before the first pull: what no one has selected by then is thrown away.
  for (const StreamPlan& stream : plan.streams) pipeline->Select(stream.outcome);
  for (const StreamPlan& stream : plan.streams) SPOOL_RETURN_IF_ERROR(pipeline->AddStream(stream));
  SPOOL_RETURN_IF_ERROR(CopyFileMetadata(*input->context(), plan.range, pipeline->muxer_->context()));
  return pipeline;
}

void Pipeline::Select(const v1::StreamOutcome& outcome) {
  if (outcome.action() == v1::STREAM_ACTION_DROPPED) return;
  const int index = outcome.input_index();
  const bool is_cover = (input_->context()->streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
  const bool is_sparse = is_cover || (outcome.kind() != "video" && outcome.kind() != "audio");
  const Appetite appetite = is_sparse ? Appetite::kSparse : Appetite::kFull;
  selected_[index] = {demuxer_.Select(index, appetite), appetite};
}

bool Pipeline::wants_global_header() const { return (muxer_->context()->oformat->flags & AVFMT_GLOBALHEADER) != 0; }

absl::Status Pipeline::AddStream(const StreamPlan& plan) {
  if (plan.outcome.action() == v1::STREAM_ACTION_COPIED) return AddCopy(plan);
  if (const auto* video = std::get_if<VideoTarget>(&plan.target)) return AddVideo(plan, *video);
  if (const auto* audio = std::get_if<AudioTarget>(&plan.target)) return AddAudio(plan, *audio);
  if (const auto* subtitle = std::get_if<SubtitleTarget>(&plan.target)) return AddSubtitle(plan, *subtitle);
  return absl::OkStatus();
}

absl::StatusOr<AVStream*> Pipeline::NewStream(int index, const AVCodecContext* codec) {
  AVStream* stream = avformat_new_stream(muxer_->context(), nullptr);
  if (stream == nullptr) return NoMemory();
  inputs_.push_back(index);
  CopyStreamMetadata(*input_->context()->streams[index], stream);
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

absl::Status Pipeline::AddCopy(const StreamPlan& plan) {
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
  if (index == plan_.main_video) video_output_ = to->index;
  Selected& selected = selected_[index];
  muxer_->Connect(to, std::make_unique<Copier>(from, std::move(selected.source), plan_.range.end), selected.appetite);
  return absl::OkStatus();
}

absl::Status Pipeline::AddVideo(const StreamPlan& plan, const VideoTarget& target) {
  const int index = plan.outcome.input_index();
  const AVStream& from = *input_->context()->streams[index];
  const StreamFacts& facts = facts_.streams[index];
  DecoderOptions options;
  options.threads = options_.threads;
  options.max_pixels = options_.limits.max_pixels;
  options.want_alpha = facts.has_alpha;
  options.range = plan_.range;
  options.one_frame = target.one_frame;
  options.shrink = ShrinkFor(facts, target);
  SPOOL_ASSIGN_OR_RETURN(auto decoder, Decoder::Create(from, std::move(selected_[index].source), options, damage_));
  auto filter = std::make_unique<VideoFilter>(std::move(decoder), target, facts.picture.pixel_aspect,
                                              facts.is_interlaced, options_.threads);
  const VideoTiming timing = TimingFor(from.avg_frame_rate, from.r_frame_rate, from.time_base);
  auto encoder = std::make_unique<VideoEncoder>(std::move(filter), target, timing, options_.threads,
                                                wants_global_header(), damage_);
  SPOOL_ASSIGN_OR_RETURN(const bool has_frames, encoder->OpenForFirstFrame());
  if (!has_frames) return NoFrames(plan.outcome);
  SPOOL_ASSIGN_OR_RETURN(AVStream * to, NewStream(index, &encoder->codec()));
  to->avg_frame_rate = timing.frame_rate;
  video_output_ = to->index;
  muxer_->Connect(to, std::move(encoder), Appetite::kFull);
  return absl::OkStatus();
}

absl::Status Pipeline::NoFrames(const v1::StreamOutcome& outcome) const {
  const std::string stream = absl::StrCat("video stream ", outcome.input_index(), " (", outcome.input_codec(), ")");
  const AVFormatContext& context = *input_->context();
  for (unsigned i = 0; i < context.nb_streams; ++i) {
    if (av_stream_get_side_data(context.streams[i], AV_PKT_DATA_ENCRYPTION_INIT_INFO, nullptr) != nullptr) {
      return av::Failure(av::Reason::kUnsupportedMedia, absl::StrCat(stream, " is encrypted"));
    }
  }
  return av::Failure(av::Reason::kInvalidMedia, absl::StrCat(stream, " has no decodable frames"));
}

absl::Status Pipeline::AddAudio(const StreamPlan& plan, const AudioTarget& target) {
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
  encoder->SetSource(
      std::make_unique<AudioFilter>(*std::move(decoder), target, plan_.range, encoder->codec().sample_fmt));
  SPOOL_ASSIGN_OR_RETURN(AVStream * to, NewStream(index, &encoder->codec()));
  muxer_->Connect(to, std::move(encoder), Appetite::kFull);
  return absl::OkStatus();
}

absl::Status Pipeline::DropAfterAll(int index, const absl::Status& why) {
  v1::StreamOutcome& outcome = outcomes_[index];
  outcome.set_action(v1::STREAM_ACTION_DROPPED);
  outcome.clear_output_codec();
  outcome.set_reason(std::string(why.message()));
  damage_->Add(absl::StrCat(outcome.kind(), " stream ", index, " (", outcome.input_codec(),
                            ") was dropped: ", outcome.reason()));
  return absl::OkStatus();
}

absl::Status Pipeline::AddSubtitle(const StreamPlan& plan, const SubtitleTarget& target) {
  const int index = plan.outcome.input_index();
  const AVStream& from = *input_->context()->streams[index];
  SPOOL_ASSIGN_OR_RETURN(auto converter,
                         SubtitleConverter::Create(from, std::move(selected_[index].source), target.codec,
                                                   wants_global_header(), plan_.range, damage_));
  SPOOL_ASSIGN_OR_RETURN(AVStream * to, NewStream(index, &converter->codec()));
  muxer_->Connect(to, std::move(converter), Appetite::kSparse);
  return absl::OkStatus();
}

absl::StatusOr<std::map<std::string, int>> Pipeline::WrittenStreams() const {
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

ProgressMeter::Done Pipeline::done() const {
  ProgressMeter::Done done;
  done.media_time = muxer_->media_time();
  if (video_output_ >= 0) done.frames = muxer_->written(video_output_).packets;
  done.bytes_read = input_->io().read_through();
  return done;
}

absl::Status Pipeline::CheckLimits() const {
  const absl::Duration most = options_.limits.max_media_duration;
  if (most > absl::ZeroDuration() && muxer_->media_time() > most) {
    return av::Failure(av::Reason::kLimitExceeded,
                       absl::StrCat("the output lasts longer than ", absl::FormatDuration(most)));
  }
  return absl::OkStatus();
}

absl::Status Pipeline::Run() {
  av::Dictionary settings;
  if (plan_.container == v1::CONTAINER_MP4 || plan_.container == v1::CONTAINER_MOV) {
    settings.Set("movflags", "+faststart");
  }
  return muxer_->Run(settings, [this] {
    progress_->Update(done());
    return CheckLimits();
  });
}

}  // namespace spool::media

#include "server/media/plan.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/av/failure.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"
#include "server/media/encoder_settings.h"

namespace spool::media {
namespace {

absl::Status InvalidSpec(absl::string_view message) { return av::Failure(av::Reason::kInvalidSpec, message); }

const char* NameOf(AVCodecID codec) { return avcodec_get_name(codec); }

// Makes one plan. Each step fills in what the later ones read: container, main video, then stream by stream.
class Planner {
 public:
  Planner(const InputFacts& input, const Task& task)
      : input_(input),
        resize_(std::get_if<v1::ResizeSpec>(&task.spec)),
        convert_(std::get_if<v1::ConvertSpec>(&task.spec)),
        video_(resize_ != nullptr ? resize_->video() : convert_->video()),
        audio_(resize_ != nullptr ? resize_->audio() : convert_->audio()),
        asked_(resize_ != nullptr ? resize_->container() : convert_->container()),
        hint_(task.container_hint) {}

  absl::StatusOr<Plan> Make();

 private:
  const v1::StreamInfo& Info(int i) const { return input_.info.streams(i); }
  const StreamFacts& Facts(int i) const { return input_.streams[i]; }
  bool IsMovingPicture(int i) const { return Info(i).kind() == "video" && !Info(i).attached_picture(); }
  bool HasSound() const;
  // The input has a picture and nothing that lasts.
  bool IsStill() const { return input_.info.still_image(); }
  const char* ContainerName() const { return container_->name; }

  absl::Status SetRange();
  int FindMainVideo() const;
  v1::Container DefaultContainer() const;
  absl::Status ChooseContainer();

  absl::Status PlanStream(int i);
  absl::Status PlanMainVideo(int i, StreamPlan& plan);
  absl::Status PlanAudio(int i, StreamPlan& plan);
  void PlanSubtitle(int i, StreamPlan& plan);
  void PlanCoverArt(StreamPlan& plan);

  absl::StatusOr<OutputSize> OutputSizeFor(int i, Rounding rounding) const;
  AVCodecID EncodedVideoCodec(AVCodecID input) const;
  // Empty if the main video can be copied; else what stands against it.
  absl::StatusOr<std::string> WhyNotCopyVideo(int i) const;
  absl::Status CheckVideoOptions(const VideoEncoderFacts& encoder) const;
  absl::StatusOr<VideoTarget> TargetFor(int i, const VideoEncoderFacts& encoder);

  void Copy(StreamPlan& plan, std::string reason);
  void Drop(StreamPlan& plan, std::string reason);
  void DropWithWarning(StreamPlan& plan, std::string reason);
  void Encode(StreamPlan& plan, AVCodecID codec, std::string reason);

  const InputFacts& input_;
  const v1::ResizeSpec* const resize_;
  const v1::ConvertSpec* const convert_;
  const v1::VideoOptions& video_;
  const v1::AudioOptions& audio_;
  const v1::Container asked_;
  const v1::Container hint_;

  Plan plan_;
  const ContainerFacts* container_ = nullptr;
  int audio_streams_ = 0;
};

bool Planner::HasSound() const {
  for (int i = 0; i < input_.info.streams_size(); ++i) {
    if (Info(i).kind() == "audio") return true;
  }
  return false;
}

absl::Status Planner::SetRange() {
  if (convert_ == nullptr || !convert_->has_trim()) return absl::OkStatus();
  const v1::Trim& trim = convert_->trim();
  plan_.range.start = FromProto(trim.start());
  if (trim.has_duration()) plan_.range.end = plan_.range.start + FromProto(trim.duration());
  if (!input_.info.has_duration()) return absl::OkStatus();
  const absl::Duration whole = FromProto(input_.info.duration());
  if (plan_.range.start >= whole) {
    return InvalidSpec(absl::StrCat("the part begins at ", absl::FormatDuration(plan_.range.start),
                                    ", but the input lasts only ", absl::FormatDuration(whole)));
  }
  // A part that reaches to the end, or beyond it, cuts nothing off.
  if (plan_.range.end >= whole) plan_.range.end = absl::InfiniteDuration();
  return absl::OkStatus();
}

// The largest picture that moves, the default one before all others.
int Planner::FindMainVideo() const {
  int best = -1;
  auto rank = [this](int i) {
    const StreamFacts& facts = Facts(i);
    const Size size = facts.picture.stored;
    // Streams of a frame or two beside a real one are posters and marks.
    constexpr int64_t kMoving = 5;
    const int64_t frames = facts.frames > 0 ? std::min(facts.frames, kMoving) : kMoving;
    return std::tuple(facts.decodable, size.width > 0, facts.is_default, frames, int64_t{size.width} * size.height);
  };
  for (int i = 0; i < input_.info.streams_size(); ++i) {
    if (IsMovingPicture(i) && (best < 0 || rank(i) > rank(best))) best = i;
  }
  return best;
}

v1::Container Planner::DefaultContainer() const {
  if (hint_ != v1::CONTAINER_UNSPECIFIED) return hint_;
  const bool has_picture = plan_.main_video >= 0;
  if (input_.container != v1::CONTAINER_UNSPECIFIED) {
    // A codec that was asked for by name outweighs a container that was not.
    const AVCodecID video = has_picture ? IdOf(video_.codec()) : AV_CODEC_ID_NONE;
    const AVCodecID audio = HasSound() ? IdOf(audio_.codec()) : AV_CODEC_ID_NONE;
    const bool fits = (video == AV_CODEC_ID_NONE || HoldingOf(input_.container, video) != Holding::kNo) &&
                      (audio == AV_CODEC_ID_NONE || HoldingOf(input_.container, audio) != Holding::kNo);
    return fits ? input_.container : v1::CONTAINER_MP4;
  }
  if (!IsStill() || IdOf(video_.codec()) != AV_CODEC_ID_NONE) return v1::CONTAINER_MP4;
  return has_picture && Facts(plan_.main_video).has_alpha ? v1::CONTAINER_PNG : v1::CONTAINER_JPEG;
}

absl::Status Planner::ChooseContainer() {
  plan_.container = asked_ != v1::CONTAINER_UNSPECIFIED ? asked_ : DefaultContainer();
  container_ = &FactsOf(plan_.container);
  if (plan_.main_video < 0) {
    if (resize_ != nullptr) return InvalidSpec("the input has no picture, so there is nothing to resize");
    if (container_->is_image) {
      return InvalidSpec(absl::StrCat("the input has no picture, so it cannot become a ", ContainerName()));
    }
    if (!HasSound()) return av::Failure(av::Reason::kInvalidMedia, "the input has neither picture nor sound");
  }
  if (container_->is_image && video_.codec() != v1::VIDEO_CODEC_UNSPECIFIED && video_.codec() != v1::VIDEO_CODEC_COPY) {
    return InvalidSpec(absl::StrCat("a ", ContainerName(), " cannot hold ", NameOf(IdOf(video_.codec()))));
  }
  return absl::OkStatus();
}

absl::StatusOr<OutputSize> Planner::OutputSizeFor(int i, Rounding rounding) const {
  if (resize_ != nullptr) return SizeFor(Facts(i).picture, *resize_, rounding);
  return OutputSize{NaturalSize(Facts(i).picture, rounding)};
}

AVCodecID Planner::EncodedVideoCodec(AVCodecID input) const {
  if (const AVCodecID asked = IdOf(video_.codec()); asked != AV_CODEC_ID_NONE) return asked;
  if (container_->is_image) return container_->usual_video;
  const VideoEncoderFacts* same = VideoEncoderFor(input);
  const bool keeps = same != nullptr && same->codec != v1::VIDEO_CODEC_UNSPECIFIED &&
                     HoldingOf(plan_.container, input) == Holding::kYes;
  return keeps ? input : container_->usual_video;
}

absl::StatusOr<std::string> Planner::WhyNotCopyVideo(int i) const {
  const StreamFacts& facts = Facts(i);
  const bool is_copy_asked = video_.codec() == v1::VIDEO_CODEC_COPY;
  const Holding holding = HoldingOf(plan_.container, facts.codec);
  if (holding == Holding::kNo || (holding == Holding::kIfAsked && !is_copy_asked)) {
    return absl::StrCat(ContainerName(), holding == Holding::kNo ? " cannot hold " : " players do not expect ",
                        NameOf(facts.codec));
  }
  if (resize_ != nullptr) {
    SPOOL_ASSIGN_OR_RETURN(const OutputSize output, SizeFor(facts.picture, *resize_, Rounding::kAny));
    const bool same = output.size == DisplaySize(facts.picture) && facts.picture.pixel_aspect == 1;
    if (!same) {
      const Size now = DisplaySize(facts.picture);
      return absl::StrCat("resized from ", now.width, "x", now.height);
    }
  }
  // VP8 and VP9 carry it beside the packets, where only Matroska has a place for it.
  const bool is_beside = facts.codec == AV_CODEC_ID_VP8 || facts.codec == AV_CODEC_ID_VP9;
  if (facts.has_alpha && is_beside && !container_->keeps_alpha) {
    return absl::StrCat(ContainerName(), " cannot hold transparency");
  }
  if (!plan_.range.is_all()) return "trimmed to the frame";
  if (container_->is_image && plan_.container != v1::CONTAINER_GIF && !IsStill()) return "one picture of a video";
  if (is_copy_asked) return "";
  if (const AVCodecID asked = IdOf(video_.codec()); asked != AV_CODEC_ID_NONE && asked != facts.codec) {
    return absl::StrCat(NameOf(asked), " was asked for");
  }
  if (video_.quality() != 0 || video_.bitrate_bps() != 0 || !video_.preset().empty()) {
    return "encoder settings were given";
  }
  if (!facts.picture.orientation.is_upright() && !container_->keeps_rotation && plan_.container != v1::CONTAINER_JPEG) {
    return absl::StrCat(ContainerName(), " cannot say that the picture is turned");
  }
  return "";
}

absl::StatusOr<VideoTarget> Planner::TargetFor(int i, const VideoEncoderFacts& encoder) {
  const StreamFacts& facts = Facts(i);
  VideoTarget target;
  // Encoders of moving pictures get 4:2:0, which every player shows.
  target.rounding = encoder.codec == v1::VIDEO_CODEC_UNSPECIFIED ? Rounding::kAny : Rounding::kEven;
  SPOOL_ASSIGN_OR_RETURN(const OutputSize output, OutputSizeFor(i, target.rounding));
  target.size = output.size;
  target.encoder = &ForSize(encoder, output.size.width, output.size.height);
  if (output.enlarged) {
    const Size original = DisplaySize(facts.picture);
    plan_.warnings.push_back(absl::StrCat("the picture was enlarged from ", original.width, "x", original.height,
                                          " to fill ", output.size.width, "x", output.size.height));
  }
  const bool has_box = resize_ != nullptr && resize_->width() > 0 && resize_->height() > 0;
  if (has_box) target.fit = resize_->fit() == v1::FIT_UNSPECIFIED ? v1::FIT_PAD : resize_->fit();
  target.orientation = facts.picture.orientation;
  target.bitrate_bps = video_.bitrate_bps();
  target.quality = video_.quality() > 0 ? video_.quality() : encoder.default_quality;
  target.preset = video_.preset().empty() ? encoder.default_preset : video_.preset();
  target.ten_bit = encoder.ten_bit && facts.bit_depth > 8;
  target.tone_map = facts.is_hdr && !target.ten_bit;
  target.flatten = facts.has_alpha && !(container_->keeps_alpha && encoder.keeps_alpha);
  target.one_frame = IsStill() || (container_->is_image && plan_.container != v1::CONTAINER_GIF);
  return target;
}

absl::Status Planner::CheckVideoOptions(const VideoEncoderFacts& encoder) const {
  if (video_.quality() > MaxQuality(encoder)) {
    return InvalidSpec(absl::StrCat("quality ", video_.quality(), " is beyond ", MaxQuality(encoder), ", the most for ",
                                    NameOf(encoder.id)));
  }
  if (!video_.preset().empty() && !IsPreset(encoder, video_.preset())) {
    return InvalidSpec(absl::StrCat(encoder.encoder, " has no preset \"", video_.preset(), "\""));
  }
  return absl::OkStatus();
}

absl::Status Planner::PlanMainVideo(int i, StreamPlan& plan) {
  if (Facts(i).picture.stored.width <= 0 || Facts(i).picture.stored.height <= 0) {
    return av::Failure(av::Reason::kInvalidMedia, absl::StrCat("video stream ", i, " (", NameOf(Facts(i).codec),
                                                               ") has no decodable frames: its size is never given"));
  }
  SPOOL_ASSIGN_OR_RETURN(std::string obstacle, WhyNotCopyVideo(i));
  if (obstacle.empty()) {
    Copy(plan, absl::StrCat(ContainerName(), " holds ", NameOf(Facts(i).codec)));
    return absl::OkStatus();
  }
  if (video_.codec() == v1::VIDEO_CODEC_COPY) {
    return InvalidSpec(
        absl::StrCat("video stream ", i, " (", NameOf(Facts(i).codec), ") cannot be copied: ", obstacle));
  }
  const AVCodecID codec = EncodedVideoCodec(Facts(i).codec);
  if (HoldingOf(plan_.container, codec) == Holding::kNo) {
    return InvalidSpec(absl::StrCat("a ", ContainerName(), " cannot hold ", NameOf(codec)));
  }
  if (!Facts(i).decodable) {
    return av::Failure(av::Reason::kUnsupportedMedia,
                       absl::StrCat("video stream ", i, " is ", NameOf(Facts(i).codec), ", which Spool cannot decode"));
  }
  SPOOL_RETURN_IF_ERROR(CheckVideoOptions(*VideoEncoderFor(codec)));
  SPOOL_ASSIGN_OR_RETURN(plan.target, TargetFor(i, *VideoEncoderFor(codec)));
  Encode(plan, codec, std::move(obstacle));
  return absl::OkStatus();
}

// A rate that the encoder takes, the input's own where it can be.
int SampleRateFor(AVCodecID codec, int input_rate) {
  if (codec == AV_CODEC_ID_OPUS) return 48000;
  constexpr std::array kAacRates = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000};
  const auto rate = std::lower_bound(kAacRates.begin(), kAacRates.end(), input_rate);
  return rate != kAacRates.end() ? *rate : kAacRates.back();
}

// Layouts that both encoders know by number of channels; swresample maps what the input has onto them (5.1 with side
// speakers onto 5.1 with back ones, say).
AVChannelLayout LayoutFor(AVCodecID codec, int channels) {
  switch (channels) {
    case 1:
      return AV_CHANNEL_LAYOUT_MONO;
    case 3:
      return AV_CHANNEL_LAYOUT_SURROUND;
    case 4:
      return codec == AV_CODEC_ID_OPUS ? AVChannelLayout(AV_CHANNEL_LAYOUT_QUAD)
                                       : AVChannelLayout(AV_CHANNEL_LAYOUT_4POINT0);
    case 5:
      return AV_CHANNEL_LAYOUT_5POINT0_BACK;
    case 6:
      return AV_CHANNEL_LAYOUT_5POINT1_BACK;
    case 7:
    case 8:
      return AV_CHANNEL_LAYOUT_7POINT1;
    default:
      return AV_CHANNEL_LAYOUT_STEREO;
  }
}

AudioTarget AudioTargetFor(AVCodecID codec, const v1::StreamInfo& info, int64_t asked_bitrate) {
  AudioTarget target;
  target.codec = codec;
  target.sample_rate = SampleRateFor(codec, info.sample_rate());
  target.layout = LayoutFor(codec, info.channels());
  const int channels = target.layout.nb_channels;
  const int64_t bitrate = asked_bitrate > 0 ? asked_bitrate : int64_t{64000} * channels;
  // Each encoder has a most that it takes for a channel; more would fail rather than sound better.
  const int64_t most =
      codec == AV_CODEC_ID_OPUS ? int64_t{256000} * channels : int64_t{6} * target.sample_rate * channels;
  target.bitrate_bps = std::min(bitrate, most);
  return target;
}

absl::Status Planner::PlanAudio(int i, StreamPlan& plan) {
  const AVCodecID input = Facts(i).codec;
  if (audio_.mute()) {
    Drop(plan, "sound was switched off");
    return absl::OkStatus();
  }
  if (container_->usual_audio == AV_CODEC_ID_NONE) {
    Drop(plan, absl::StrCat(ContainerName(), " holds no sound"));
    return absl::OkStatus();
  }
  if (audio_streams_ == kMaxAudioStreams) {
    DropWithWarning(plan, absl::StrCat("an output has at most ", kMaxAudioStreams, " audio streams"));
    return absl::OkStatus();
  }

  if (Info(i).channels() <= 0 || Info(i).sample_rate() <= 0) {
    DropWithWarning(plan, "its rate and channels are unknown");
    return absl::OkStatus();
  }

  const bool is_copy_asked = audio_.codec() == v1::AUDIO_CODEC_COPY;
  const AVCodecID asked = IdOf(audio_.codec());
  const Holding holding = HoldingOf(plan_.container, input);
  std::string obstacle;
  if (holding == Holding::kNo || (holding == Holding::kIfAsked && !is_copy_asked)) {
    obstacle = absl::StrCat(ContainerName(), holding == Holding::kNo ? " cannot hold " : " players do not expect ",
                            NameOf(input));
  } else if (input == AV_CODEC_ID_MP3 && plan_.container == v1::CONTAINER_MP4 && Info(i).sample_rate() < 16000) {
    obstacle = "mp4 holds no mp3 at such a low rate";
  } else if (plan_.range.start > absl::ZeroDuration()) {
    obstacle = "starts mid-way";
  } else if (asked != AV_CODEC_ID_NONE && asked != input) {
    obstacle = absl::StrCat(NameOf(asked), " was asked for");
  } else if (audio_.bitrate_bps() > 0) {
    obstacle = "a bitrate was given";
  }
  if (obstacle.empty()) {
    ++audio_streams_;
    Copy(plan, absl::StrCat(ContainerName(), " holds ", NameOf(input)));
    return absl::OkStatus();
  }
  if (is_copy_asked) {
    return InvalidSpec(absl::StrCat("audio stream ", i, " (", NameOf(input), ") cannot be copied: ", obstacle));
  }
  const AVCodecID same =
      AudioEncoderFor(input) != nullptr && holding == Holding::kYes ? input : container_->usual_audio;
  const AVCodecID codec = asked != AV_CODEC_ID_NONE ? asked : same;
  if (HoldingOf(plan_.container, codec) == Holding::kNo) {
    return InvalidSpec(absl::StrCat("a ", ContainerName(), " cannot hold ", NameOf(codec)));
  }
  if (!Facts(i).decodable) {
    DropWithWarning(plan, absl::StrCat("Spool cannot decode ", NameOf(input)));
    return absl::OkStatus();
  }
  ++audio_streams_;
  plan.target = AudioTargetFor(codec, Info(i), audio_.bitrate_bps());
  Encode(plan, codec, std::move(obstacle));
  return absl::OkStatus();
}

void Planner::PlanSubtitle(int i, StreamPlan& plan) {
  const AVCodecID input = Facts(i).codec;
  const AVCodecID usual = container_->usual_subtitle;
  if (HoldingOf(plan_.container, input) == Holding::kYes) {
    Copy(plan, absl::StrCat(ContainerName(), " holds ", NameOf(input)));
  } else if (usual != AV_CODEC_ID_NONE && IsTextSubtitle(input) && Facts(i).decodable) {
    plan.target = SubtitleTarget{usual};
    Encode(plan, usual, absl::StrCat(ContainerName(), " cannot hold ", NameOf(input)));
  } else if (container_->is_image) {
    Drop(plan, absl::StrCat(ContainerName(), " holds no subtitles"));
  } else {
    DropWithWarning(plan, absl::StrCat(ContainerName(), " cannot hold ", NameOf(input)));
  }
}

void Planner::PlanCoverArt(StreamPlan& plan) {
  if (container_->keeps_cover_art && plan_.range.is_all()) {
    Copy(plan, "attached picture");
  } else {
    Drop(plan, absl::StrCat("attached picture; ", ContainerName(), " output keeps none"));
  }
}

void Planner::Copy(StreamPlan& plan, std::string reason) {
  plan.outcome.set_action(v1::STREAM_ACTION_COPIED);
  plan.outcome.set_output_codec(plan.outcome.input_codec());
  plan.outcome.set_reason(std::move(reason));
}

void Planner::Drop(StreamPlan& plan, std::string reason) {
  plan.outcome.set_action(v1::STREAM_ACTION_DROPPED);
  plan.outcome.set_reason(std::move(reason));
}

void Planner::DropWithWarning(StreamPlan& plan, std::string reason) {
  plan_.warnings.push_back(absl::StrCat(plan.outcome.kind(), " stream ", plan.outcome.input_index(), " (",
                                        plan.outcome.input_codec(), ") was dropped: ", reason));
  Drop(plan, std::move(reason));
}

void Planner::Encode(StreamPlan& plan, AVCodecID codec, std::string reason) {
  plan.outcome.set_action(v1::STREAM_ACTION_ENCODED);
  plan.outcome.set_output_codec(NameOf(codec));
  plan.outcome.set_reason(std::move(reason));
}

absl::Status Planner::PlanStream(int i) {
  StreamPlan plan;
  const v1::StreamInfo& info = Info(i);
  plan.outcome.set_input_index(i);
  plan.outcome.set_kind(info.kind());
  plan.outcome.set_input_codec(info.codec());
  if (i == plan_.main_video) {
    SPOOL_RETURN_IF_ERROR(PlanMainVideo(i, plan));
  } else if (info.attached_picture()) {
    PlanCoverArt(plan);
  } else if (info.kind() == "video") {
    DropWithWarning(plan, "an output has one video stream");
  } else if (info.kind() == "audio") {
    SPOOL_RETURN_IF_ERROR(PlanAudio(i, plan));
  } else if (info.kind() == "subtitle") {
    PlanSubtitle(i, plan);
  } else if (info.kind() == "attachment" && plan_.container == v1::CONTAINER_MKV) {
    Copy(plan, "mkv holds attachments");
  } else {
    Drop(plan, absl::StrCat(ContainerName(), " output keeps no ", info.kind(), " streams"));
  }
  plan_.streams.push_back(std::move(plan));
  return absl::OkStatus();
}

absl::StatusOr<Plan> Planner::Make() {
  SPOOL_RETURN_IF_ERROR(SetRange());
  plan_.main_video = FindMainVideo();
  SPOOL_RETURN_IF_ERROR(ChooseContainer());
  for (int i = 0; i < input_.info.streams_size(); ++i) SPOOL_RETURN_IF_ERROR(PlanStream(i));
  if (plan_.main_video < 0 && audio_streams_ == 0) {
    return audio_.mute() ? InvalidSpec("the input has no picture, so without sound nothing would be left")
                         : av::Failure(av::Reason::kUnsupportedMedia, "Spool cannot decode any of the input's sound");
  }
  return std::move(plan_);
}

}  // namespace

absl::StatusOr<Plan> MakePlan(const InputFacts& input, const Task& task) { return Planner(input, task).Make(); }

}  // namespace spool::media

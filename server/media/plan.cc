#include "server/media/plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/av/failure.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"
#include "server/media/encoder_settings.h"
#include "server/media/video_chain.h"

namespace spool::media {
namespace {

absl::Status InvalidSpec(absl::string_view message) { return av::Failure(av::Reason::kInvalidSpec, message); }

const char* NameOf(AVCodecID codec) { return avcodec_get_name(codec); }
const char* NameOf(AVPixelFormat format) { return av_get_pix_fmt_name(format); }

// The rate that was meant: the rates of television are fractions that people round.
AVRational RateOf(double rate) {
  const double ntsc = std::round(rate * 1001 / 1000);
  if (std::abs(ntsc * 1000 / 1001 - rate) < 0.003 && std::abs(std::round(rate) - rate) > 0.003) {
    return {static_cast<int>(ntsc) * 1000, 1001};
  }
  return av_d2q(rate, 100000);
}

// FFmpeg knows all the names that HTML has, and "#RRGGBB".
absl::StatusOr<uint32_t> ParseColor(const std::string& color) {
  std::array<uint8_t, 4> rgba = {};
  if (av_parse_color(rgba.data(), color.c_str(), -1, nullptr) < 0) {
    return InvalidSpec(absl::StrCat("there is no colour \"", color, "\""));
  }
  return uint32_t{rgba[0]} << 16 | uint32_t{rgba[1]} << 8 | rgba[2];
}

bool HasTwoPasses(const VideoEncoderFacts& encoder) {
  return encoder.codec == v1::VIDEO_CODEC_H264 || encoder.codec == v1::VIDEO_CODEC_HEVC ||
         encoder.codec == v1::VIDEO_CODEC_VP9;
}

bool HasPixelFormat(const VideoEncoderFacts& encoder, v1::PixelFormat format) {
  const AVCodec* codec = avcodec_find_encoder_by_name(encoder.encoder);
  if (codec == nullptr || codec->pix_fmts == nullptr) return false;
  for (const AVPixelFormat* has = codec->pix_fmts; *has != AV_PIX_FMT_NONE; ++has) {
    if (*has == FormatOf(format)) return true;
  }
  return false;
}

// Makes one plan. Each step fills in what the later ones read: container, main video, then stream by stream.
class Planner {
 public:
  Planner(const InputFacts& input, const Ask& ask) : input_(input), ask_(ask), video_(ask.video), audio_(ask.audio) {}

  absl::StatusOr<Plan> Make();

 private:
  const v1::StreamInfo& Info(int i) const { return input_.info.streams(i); }
  const StreamFacts& Facts(int i) const { return input_.streams[i]; }
  bool IsMovingPicture(int i) const { return Info(i).kind() == "video" && !Info(i).attached_picture(); }
  bool HasSound() const;
  // The input has a picture and nothing that lasts.
  bool IsStill() const { return input_.info.still_image(); }
  const char* ContainerName() const { return container_->name; }

  int FindMainVideo() const;
  v1::Container DefaultContainer() const;
  absl::Status ChooseContainer();

  absl::Status PlanStream(int i);
  absl::Status PlanMainVideo(int i, StreamPlan& plan);
  absl::Status PlanAudio(int i, StreamPlan& plan);
  bool IsMainVideoCopied() const;
  void PlanSubtitle(int i, StreamPlan& plan);
  void PlanCoverArt(StreamPlan& plan);

  // GIF moves by nature, WebP when a preview is asked for.
  bool IsAnimation() const { return plan_.container == v1::CONTAINER_GIF || ask_.animated; }
  bool StartsAndEndsAtKeyFrames(int i) const;
  absl::Status CheckKind() const;
  absl::Status SpreadTargetBytes();
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
  const Ask& ask_;
  const v1::VideoOptions& video_;
  const v1::AudioOptions& audio_;

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

// The largest picture that moves, the default one before all others.
int Planner::FindMainVideo() const {
  if (video_.drop()) return -1;
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
  // The thumbnail of a sound file is its cover.
  for (int i = 0; ask_.one_picture && best < 0 && i < input_.info.streams_size(); ++i) {
    if (Info(i).attached_picture()) best = i;
  }
  return best;
}

v1::Container Planner::DefaultContainer() const {
  if (ask_.container_hint != v1::CONTAINER_UNSPECIFIED) return ask_.container_hint;
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
  plan_.container = ask_.container != v1::CONTAINER_UNSPECIFIED ? ask_.container : DefaultContainer();
  container_ = &FactsOf(plan_.container);
  if (plan_.main_video < 0) {
    if (ask_.needs_picture) return InvalidSpec("the input has no picture, so there is nothing to resize or show");
    if (container_->is_image) {
      return InvalidSpec(absl::StrCat("the input has no picture, so it cannot become a ", ContainerName()));
    }
    if (!HasSound() && video_.drop()) return InvalidSpec("without pictures nothing would be left: there is no sound");
    if (!HasSound()) return av::Failure(av::Reason::kInvalidMedia, "the input has neither picture nor sound");
  }
  if (container_->is_image && video_.codec() != v1::VIDEO_CODEC_UNSPECIFIED && video_.codec() != v1::VIDEO_CODEC_COPY) {
    return InvalidSpec(absl::StrCat("a ", ContainerName(), " cannot hold ", NameOf(IdOf(video_.codec()))));
  }
  return absl::OkStatus();
}

absl::StatusOr<OutputSize> Planner::OutputSizeFor(int i, Rounding rounding) const {
  if (ask_.size.has_value()) return SizeFor(Facts(i).picture, *ask_.size, rounding);
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
  if (ask_.sheet.has_value()) return "many pictures in one";
  if (ask_.size.has_value()) {
    SPOOL_ASSIGN_OR_RETURN(const OutputSize output, SizeFor(facts.picture, *ask_.size, Rounding::kAny));
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
  if (!plan_.range.is_all() && !StartsAndEndsAtKeyFrames(i)) return "trimmed to the frame";
  if (container_->is_image && !IsAnimation() && !IsStill()) return "one picture of a video";
  if (video_.frame_rate() > 0) return "another frame rate was asked for";
  if (is_copy_asked) return "";
  if (facts.breaks_off) return "its data breaks off";
  if (const AVCodecID asked = IdOf(video_.codec()); asked != AV_CODEC_ID_NONE && asked != facts.codec) {
    return absl::StrCat(NameOf(asked), " was asked for");
  }
  if (video_.quality() != 0 || video_.bitrate_bps() != 0 || !video_.preset().empty() || video_.target_bytes() != 0 ||
      video_.has_keyframe_interval() || video_.pixel_format() != v1::PIXEL_FORMAT_UNSPECIFIED) {
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
  if (ask_.animated && plan_.container == v1::CONTAINER_WEBP) target.encoder = &AnimatedWebp();
  if (output.enlarged) {
    const Size original = DisplaySize(facts.picture);
    plan_.warnings.push_back(absl::StrCat("the picture was enlarged from ", original.width, "x", original.height,
                                          " to fill ", output.size.width, "x", output.size.height));
  }
  if (ask_.size.has_value()) {
    const v1::ResizeSpec& size = *ask_.size;
    const bool has_box = size.width() > 0 && size.height() > 0;
    if (has_box) target.fit = size.fit() == v1::FIT_UNSPECIFIED ? v1::FIT_PAD : size.fit();
    if (!size.pad_color().empty()) {
      SPOOL_ASSIGN_OR_RETURN(target.bars, ParseColor(size.pad_color()));
      target.matte = target.bars;
    }
    if (size.crop_gravity() != v1::CROP_GRAVITY_UNSPECIFIED) target.gravity = size.crop_gravity();
  }
  target.orientation = facts.picture.orientation;
  target.bitrate_bps = video_.bitrate_bps();
  target.quality = video_.quality() > 0 ? video_.quality() : encoder.default_quality;
  target.preset = video_.preset().empty() ? encoder.default_preset : video_.preset();
  target.pixel_format = video_.pixel_format();
  if (video_.scaler() != v1::SCALER_UNSPECIFIED) target.scaler = video_.scaler();
  target.ten_bit = target.pixel_format == v1::PIXEL_FORMAT_UNSPECIFIED
                       ? encoder.ten_bit && facts.bit_depth > 8
                       : target.pixel_format == v1::PIXEL_FORMAT_YUV420P10;
  target.tone_map = facts.is_hdr && !target.ten_bit;
  target.flatten = facts.has_alpha && !(container_->keeps_alpha && encoder.keeps_alpha);
  target.one_frame = IsStill() || (container_->is_image && !IsAnimation());
  target.typical = ask_.typical && !IsStill();
  target.sheet = ask_.sheet;
  if (video_.frame_rate() > 0 && !target.one_frame) target.frame_rate = RateOf(video_.frame_rate());
  if (video_.has_keyframe_interval()) target.keyframe_interval = FromProto(video_.keyframe_interval());
  const bool wants_two = video_.two_pass() || video_.target_bytes() > 0;
  target.passes = wants_two && HasTwoPasses(encoder) && !target.one_frame ? 2 : 1;
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
  if (video_.two_pass() && !HasTwoPasses(encoder)) {
    return InvalidSpec(absl::StrCat(encoder.encoder, " has one pass only"));
  }
  if (video_.pixel_format() != v1::PIXEL_FORMAT_UNSPECIFIED && !HasPixelFormat(encoder, video_.pixel_format())) {
    return InvalidSpec(absl::StrCat(encoder.encoder, " does not take ", NameOf(FormatOf(video_.pixel_format()))));
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

AudioTarget AudioTargetFor(AVCodecID codec, const v1::StreamInfo& info, const v1::AudioOptions& options) {
  AudioTarget target;
  target.codec = codec;
  target.sample_rate = SampleRateFor(codec, options.sample_rate() > 0 ? options.sample_rate() : info.sample_rate());
  target.layout = LayoutFor(codec, options.channels() > 0 ? options.channels() : info.channels());
  if (options.has_loudness()) {
    const v1::Loudness& loudness = options.loudness();
    LoudnessTarget& wanted = target.loudness.emplace();
    if (loudness.has_integrated_lufs()) wanted.integrated_lufs = loudness.integrated_lufs();
    if (loudness.has_true_peak_dbtp()) wanted.true_peak_dbtp = loudness.true_peak_dbtp();
    if (loudness.has_range_lu()) wanted.range_lu = loudness.range_lu();
  }
  const int channels = target.layout.nb_channels;
  const int64_t bitrate = options.bitrate_bps() > 0 ? options.bitrate_bps() : int64_t{64000} * channels;
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
  } else if (plan_.range.start > absl::ZeroDuration() && !IsMainVideoCopied()) {
    obstacle = "starts mid-way";
  } else if (asked != AV_CODEC_ID_NONE && asked != input) {
    obstacle = absl::StrCat(NameOf(asked), " was asked for");
  } else if (audio_.bitrate_bps() > 0) {
    obstacle = "a bitrate was given";
  } else if (audio_.sample_rate() > 0 && audio_.sample_rate() != Info(i).sample_rate()) {
    obstacle = "another sample rate was asked for";
  } else if (audio_.channels() > 0 && audio_.channels() != Info(i).channels()) {
    obstacle = "other channels were asked for";
  } else if (audio_.has_loudness()) {
    obstacle = "its loudness is normalised";
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
  plan.target = AudioTargetFor(codec, Info(i), audio_);
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
  if (container_->keeps_cover_art && plan_.range.is_all() && !ask_.strip_metadata) {
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
  } else if (info.kind() == "video" && video_.drop()) {
    Drop(plan, "pictures were switched off");
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

bool Planner::IsMainVideoCopied() const {
  // Pictures usually come before sound; where they do not, sound is encoded, which is never wrong.
  return plan_.main_video >= 0 && plan_.main_video < static_cast<int>(plan_.streams.size()) &&
         plan_.streams[plan_.main_video].outcome.action() == v1::STREAM_ACTION_COPIED;
}

bool Planner::StartsAndEndsAtKeyFrames(int i) const {
  const StreamFacts& facts = Facts(i);
  const auto is_key = [&facts](absl::Duration at) {
    return std::any_of(facts.key_frames.begin(), facts.key_frames.end(),
                       [at](absl::Duration key) { return absl::AbsDuration(key - at) <= absl::Milliseconds(2); });
  };
  return (plan_.range.start == absl::ZeroDuration() || is_key(plan_.range.start)) &&
         (plan_.range.end == absl::InfiniteDuration() || is_key(plan_.range.end));
}

// Thumbnails and sheets are images, previews move.
absl::Status Planner::CheckKind() const {
  if (ask_.animated && plan_.container != v1::CONTAINER_GIF && plan_.container != v1::CONTAINER_WEBP) {
    return InvalidSpec(absl::StrCat("a preview is a gif or a webp, not a ", ContainerName()));
  }
  if (ask_.one_picture && (!container_->is_image || plan_.container == v1::CONTAINER_GIF)) {
    return InvalidSpec(absl::StrCat("a picture of a video is a jpeg, png or webp, not a ", ContainerName()));
  }
  return absl::OkStatus();
}

// What of the target is left for the picture when sound and container have theirs.
absl::Status Planner::SpreadTargetBytes() {
  if (video_.target_bytes() == 0) return absl::OkStatus();
  plan_.target_bytes = video_.target_bytes();
  VideoTarget* video =
      plan_.main_video < 0 ? nullptr : std::get_if<VideoTarget>(&plan_.streams[plan_.main_video].target);
  if (video == nullptr || video->one_frame)
    return InvalidSpec("only a video that is encoded can be made to fit a size");
  const double seconds = absl::ToDoubleSeconds(plan_.duration);
  if (seconds <= 0) return InvalidSpec("the input's length is unknown, so no bitrate follows from the size");
  // Containers take some bytes for each packet, and rate control is off by a little.
  constexpr double kForMedia = 0.97;
  double bitrate = static_cast<double>(plan_.target_bytes) * 8 * kForMedia / seconds;
  for (size_t i = 0; i < plan_.streams.size(); ++i) {
    const StreamPlan& stream = plan_.streams[i];
    if (const auto* audio = std::get_if<AudioTarget>(&stream.target)) {
      bitrate -= static_cast<double>(audio->bitrate_bps);
    } else if (stream.outcome.kind() == "audio" && stream.outcome.action() == v1::STREAM_ACTION_COPIED) {
      bitrate -= static_cast<double>(std::max<int64_t>(Info(static_cast<int>(i)).bitrate_bps(), 32000));
    }
  }
  constexpr double kLeast = 10000;
  if (bitrate < kLeast) {
    return InvalidSpec(
        absl::StrCat(plan_.target_bytes, " bytes are too few for ", absl::FormatDuration(plan_.duration)));
  }
  video->bitrate_bps = static_cast<int64_t>(bitrate);
  return absl::OkStatus();
}

absl::StatusOr<Plan> Planner::Make() {
  plan_.range = ask_.range;
  plan_.strip_metadata = ask_.strip_metadata;
  plan_.fail_on_damage = ask_.fail_on_damage;
  plan_.never_larger = ask_.never_larger;
  plan_.main_video = FindMainVideo();
  SPOOL_RETURN_IF_ERROR(ChooseContainer());
  SPOOL_RETURN_IF_ERROR(CheckKind());
  if (IsStill() || ask_.one_picture || (plan_.main_video >= 0 && Info(plan_.main_video).attached_picture())) {
    // A still, or a cover, has no time.
    if (IsStill() || Info(plan_.main_video).attached_picture()) plan_.range = {};
  } else if (input_.info.has_duration()) {
    plan_.duration = std::max(std::min(plan_.range.end, FromProto(input_.info.duration())) - plan_.range.start,
                              absl::ZeroDuration());
  }
  for (int i = 0; i < input_.info.streams_size(); ++i) SPOOL_RETURN_IF_ERROR(PlanStream(i));
  if (plan_.main_video < 0 && audio_streams_ == 0) {
    return audio_.mute() ? InvalidSpec("the input has no picture, so without sound nothing would be left")
                         : av::Failure(av::Reason::kUnsupportedMedia, "Spool cannot decode any of the input's sound");
  }
  SPOOL_RETURN_IF_ERROR(SpreadTargetBytes());
  return std::move(plan_);
}

// How many pictures of `length` an input has; 1 when nothing is known.
double FramesIn(const v1::StreamInfo& info, absl::Duration length) {
  const double rate = info.frame_rate() > 0 ? info.frame_rate() : 25;
  return std::max(1.0, absl::ToDoubleSeconds(length) * rate);
}

// Length of what is decoded for `plan`; zero for a picture or two.
absl::Duration DecodedLength(const Plan& plan, const InputFacts& input) {
  const absl::Duration whole = input.info.has_duration() ? FromProto(input.info.duration()) : absl::ZeroDuration();
  const VideoTarget* video = plan.video();
  if (video != nullptr && video->one_frame && !video->sheet.has_value()) return absl::ZeroDuration();
  return std::max(std::min(plan.range.end, whole) - plan.range.start, absl::ZeroDuration());
}

}  // namespace

const VideoTarget* Plan::video() const {
  return main_video < 0 ? nullptr : std::get_if<VideoTarget>(&streams[main_video].target);
}

bool Plan::encodes() const {
  return std::any_of(streams.begin(), streams.end(),
                     [](const StreamPlan& stream) { return stream.outcome.action() == v1::STREAM_ACTION_ENCODED; });
}

absl::StatusOr<Plan> MakePlan(const InputFacts& input, const Task& task) {
  SPOOL_ASSIGN_OR_RETURN(const Ask ask, AskOf(task, input));
  return Planner(input, ask).Make();
}

double DecodedMegapixels(const Plan& plan, const InputFacts& input) {
  const VideoTarget* video = plan.video();
  if (video == nullptr) return 0;
  const Size size = input.streams[plan.main_video].picture.stored;
  return FramesIn(input.info.streams(plan.main_video), DecodedLength(plan, input)) * video->passes * size.width *
         size.height / 1e6;
}

v1::OutputPlan Describe(const Plan& plan, const InputFacts& input) {
  v1::OutputPlan told;
  told.set_container(plan.container);
  if (plan.duration > absl::ZeroDuration()) *told.mutable_duration() = ToProto(plan.duration);
  for (const std::string& warning : plan.warnings) told.add_warnings(warning);
  for (size_t i = 0; i < plan.streams.size(); ++i) {
    const StreamPlan& stream = plan.streams[i];
    const v1::StreamInfo& info = input.info.streams(static_cast<int>(i));
    v1::StreamPlan& out = *told.add_streams();
    *out.mutable_outcome() = stream.outcome;
    if (static_cast<int>(i) == plan.main_video && stream.outcome.action() == v1::STREAM_ACTION_COPIED) {
      out.set_width(info.width());
      out.set_height(info.height());
    }
    if (const auto* video = std::get_if<VideoTarget>(&stream.target)) {
      const FrameShape shape = ExpectedShape(info, input.streams[i]);
      const Size frame = video->frame();
      out.set_encoder(video->encoder->encoder);
      out.set_width(frame.width);
      out.set_height(frame.height);
      out.set_pixel_format(NameOf(EncodedFormat(shape, *video)));
      out.set_filters(VideoChain(shape, *video));
      if (video->bitrate_bps == 0) out.set_quality(video->quality);
      out.set_bitrate_bps(video->bitrate_bps);
      out.set_preset(video->preset);
      out.set_passes(video->passes);
      const bool has_rate = video->frame_rate.num > 0;
      const double frames = video->one_frame ? 1
                            : has_rate ? std::max(1.0, absl::ToDoubleSeconds(plan.duration) * av_q2d(video->frame_rate))
                                       : FramesIn(info, plan.duration);
      told.set_encoded_megapixels(frames * video->passes * frame.width * frame.height / 1e6);
    }
    if (const auto* audio = std::get_if<AudioTarget>(&stream.target)) {
      out.set_encoder(AudioEncoderFor(audio->codec));
      out.set_bitrate_bps(audio->bitrate_bps);
      out.set_sample_rate(audio->sample_rate);
      out.set_channels(audio->layout.nb_channels);
    }
    if (const auto* subtitle = std::get_if<SubtitleTarget>(&stream.target)) {
      out.set_encoder(SubtitleEncoderFor(subtitle->codec));
    }
    if (static_cast<int>(i) == plan.main_video) {
      told.set_width(out.width());
      told.set_height(out.height());
    }
  }
  return told;
}

}  // namespace spool::media

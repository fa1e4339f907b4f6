#include "server/av/input.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/av/allowed.h"
#include "server/av/colour_tags.h"
#include "server/av/error.h"
#include "server/av/failure.h"
#include "server/av/handles.h"
#include "server/base/status_macros.h"

namespace spool::av {
namespace {

constexpr char kProbeBytes[] = "5000000";
constexpr char kAnalyzeMicros[] = "5000000";

// Demuxers that follow references ask here. The concat and dash families do not (they open through the protocol layer),
// which is why protocol_whitelist is set as well.
int DenyOpen(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) { return AVERROR(EACCES); }

// HEIC and its kin have the frame of an MP4 and nothing in it that FFmpeg 5.1 could read.
bool IsHeif(int fd) {
  std::array<char, 12> head = {};
  if (pread(fd, head.data(), head.size(), 0) != static_cast<ssize_t>(head.size())) return false;
  const absl::string_view brand(head.data() + 4, 8);
  return brand == "ftypheic" || brand == "ftypheix" || brand == "ftypmif1" || brand == "ftypmsf1" ||
         brand == "ftyphevc" || brand == "ftypavif";
}

}  // namespace

absl::StatusOr<std::unique_ptr<Input>> Input::Open(int fd, const InputOptions& options, Look look) {
  std::unique_ptr<Input> input(new Input(fd));
  SPOOL_ASSIGN_OR_RETURN(input->io_, FileIo::ForReading(fd));
  input->bytes_ = avio_size(input->io_->context());
  if (input->bytes_ == 0) return Failure(Reason::kInvalidMedia, "the input is empty");
  SPOOL_RETURN_IF_ERROR(input->OpenDemuxer(options));
  SPOOL_RETURN_IF_ERROR(input->FindStreams(options, look));
  for (unsigned i = 0; i < input->context_->nb_streams; ++i) DropUnknownColours(*input->context_->streams[i]->codecpar);
  return input;
}

Input::~Input() { avformat_close_input(&context_); }

absl::StatusOr<const AVInputFormat*> Input::FindDemuxer(const std::string& extension) {
  // The content first: a name can lie, and for some libav would take a demuxer that opens files by name.
  const AVInputFormat* found = nullptr;
  for (const std::string& name : {std::string(), absl::StrCat("input.", extension)}) {
    const AVInputFormat* demuxer = nullptr;
    const int score = av_probe_input_buffer2(io_->context(), &demuxer, name.c_str(), nullptr, 0, 0);
    if (io_->error_number() != 0) return AvError(AVERROR(io_->error_number()), "read the input", Reason::kIoError);
    if (score < 0) continue;
    // What the name suggests counts only if it is of use.
    if (name.empty() || IsAllowed(*demuxer)) found = demuxer;
    if (score > AVPROBE_SCORE_RETRY && IsAllowed(*demuxer)) break;
  }
  if (found == nullptr) return Failure(Reason::kInvalidMedia, "the input is in no media format that is known");
  if (!IsAllowed(*found)) {
    return Failure(Reason::kUnsupportedMedia, absl::StrCat("the input's format (", found->name, ") is not accepted"));
  }
  return found;
}

absl::Status Input::OpenDemuxer(const InputOptions& options) {
  SPOOL_ASSIGN_OR_RETURN(const AVInputFormat* demuxer, FindDemuxer(options.extension));
  context_ = avformat_alloc_context();
  if (context_ == nullptr) return Failure(Reason::kOutOfMemory, "no memory for a demuxer");
  context_->pb = io_->context();
  context_->flags |= AVFMT_FLAG_CUSTOM_IO;
  context_->io_open = &DenyOpen;
  Dictionary settings;
  settings.Set("protocol_whitelist", "none");
  settings.Set("format_whitelist", AllowedDemuxers());
  settings.Set("codec_whitelist", AllowedDecoders());
  settings.Set("probesize", kProbeBytes);
  settings.Set("analyzeduration", kAnalyzeMicros);
  // Frees and clears context_ when it fails.
  const int rc = avformat_open_input(&context_, "", demuxer, settings.address());
  if (rc < 0 && IsHeif(fd_)) {
    return Failure(Reason::kUnsupportedMedia, "the input is a HEIF picture, which Spool cannot decode");
  }
  // So many streams or such large tables that libav, which is held to limits, cannot take them.
  if (rc == AVERROR(ENOMEM))
    return Failure(Reason::kLimitExceeded, "the input's header asks for more memory than allowed");
  if (rc < 0) return AvError(rc, absl::StrCat("open the input as ", demuxer->name), Reason::kInvalidMedia);
  return absl::OkStatus();
}

int Input::FindStreamInfo(int64_t max_pixels) {
  const unsigned known = context_->nb_streams;
  std::vector<AVDictionary*> settings(known, nullptr);
  if (max_pixels > 0) {
    for (AVDictionary*& entry : settings) av_dict_set_int(&entry, "max_pixels", max_pixels, 0);
  }
  const int rc = avformat_find_stream_info(context_, known == 0 ? nullptr : settings.data());
  for (AVDictionary*& entry : settings) av_dict_free(&entry);
  return rc;
}

absl::Status Input::CheckStreamCount(int max_streams) const {
  if (max_streams <= 0 || context_->nb_streams <= static_cast<unsigned>(max_streams)) return absl::OkStatus();
  return Failure(Reason::kLimitExceeded,
                 absl::StrCat("the input has ", context_->nb_streams, " streams, more than ", max_streams));
}

namespace {

// A codec that has read the header of `packet`, and nothing else; null if there is none.
CodecContextPtr ReadPacketHeader(const AVCodec* decoder, const AVPacket& packet) {
  CodecContextPtr codec(decoder != nullptr ? avcodec_alloc_context3(decoder) : nullptr);
  FramePtr frame(av_frame_alloc());
  if (codec == nullptr || frame == nullptr) return nullptr;
  codec->thread_count = 1;
  // Headers are read before a buffer is asked for; without one there is no decoding.
  codec->get_buffer2 = [](AVCodecContext*, AVFrame*, int) { return AVERROR(ENOMEM); };
  if (avcodec_open2(codec.get(), decoder, nullptr) < 0) return nullptr;
  avcodec_send_packet(codec.get(), &packet);
  avcodec_receive_frame(codec.get(), frame.get());
  return codec;
}

// What a picture's own header says of it. False: it says too little, or more than `max_pixels`.
bool LearnFromHeader(const AVPacket& picture, int64_t max_pixels, AVCodecParameters* known) {
  const CodecContextPtr codec = ReadPacketHeader(FindDecoder(known->codec_id), picture);
  if (codec == nullptr || codec->width <= 0 || codec->height <= 0 || codec->pix_fmt == AV_PIX_FMT_NONE) return false;
  if (max_pixels > 0 && int64_t{codec->width} * codec->height > max_pixels) return false;
  known->width = codec->width;
  known->height = codec->height;
  known->format = codec->pix_fmt;
  known->sample_aspect_ratio = codec->sample_aspect_ratio;
  known->color_range = codec->color_range;
  known->color_space = codec->colorspace;
  known->color_primaries = codec->color_primaries;
  known->color_trc = codec->color_trc;
  return true;
}

}  // namespace

bool Input::HeaderTellsAll(int64_t max_pixels) {
  const absl::string_view format = context_->iformat->name;
  if (!absl::StartsWith(format, "mov,") && !absl::StartsWith(format, "matroska")) return false;
  // Fragments say how long they are one by one.
  if (context_->nb_streams == 0 || context_->duration <= 0) return false;
  for (unsigned i = 0; i < context_->nb_streams; ++i) {
    const AVStream& stream = *context_->streams[i];
    AVCodecParameters& codec = *stream.codecpar;
    const bool has_picture = codec.codec_type == AVMEDIA_TYPE_VIDEO;
    const bool has_sound = codec.codec_type == AVMEDIA_TYPE_AUDIO;
    if ((has_picture || has_sound) && codec.codec_id == AV_CODEC_ID_NONE) return false;
    if (has_picture && (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) {
      if (codec.width <= 0 && !LearnFromHeader(stream.attached_pic, max_pixels, &codec)) return false;
    } else if (has_picture) {
      if (codec.width <= 0 || codec.height <= 0 || stream.avg_frame_rate.num <= 0) return false;
    }
    if (has_sound && (codec.sample_rate <= 0 || codec.ch_layout.nb_channels <= 0)) return false;
    const bool needs_extradata = codec.codec_id == AV_CODEC_ID_H264 || codec.codec_id == AV_CODEC_ID_HEVC ||
                                 codec.codec_id == AV_CODEC_ID_AV1 || codec.codec_id == AV_CODEC_ID_AAC;
    if (needs_extradata && codec.extradata_size <= 0) return false;
  }
  return true;
}

namespace {

// The first key picture says what the header of its file may leave out.
void LearnFromPacket(const AVPacket& packet, int64_t max_pixels, AVCodecParameters* known) {
  const AVCodec* decoder = FindDecoder(known->codec_id);
  CodecContextPtr codec(decoder != nullptr ? avcodec_alloc_context3(decoder) : nullptr);
  FramePtr frame(av_frame_alloc());
  if (codec == nullptr || frame == nullptr || avcodec_parameters_to_context(codec.get(), known) < 0) return;
  codec->thread_count = 1;
  codec->skip_loop_filter = AVDISCARD_ALL;
  if (max_pixels > 0) codec->max_pixels = max_pixels;
  if (avcodec_open2(codec.get(), decoder, nullptr) < 0 || avcodec_send_packet(codec.get(), &packet) < 0) return;
  avcodec_send_packet(codec.get(), nullptr);
  if (avcodec_receive_frame(codec.get(), frame.get()) < 0) return;
  DropUnknownColours(*frame);
  known->format = frame->format;
  known->sample_aspect_ratio = frame->sample_aspect_ratio;
  known->color_range = frame->color_range;
  known->color_primaries = frame->color_primaries;
  known->color_trc = frame->color_trc;
  known->color_space = frame->colorspace;
  known->chroma_location = frame->chroma_location;
}

}  // namespace

void Input::LookAtFirstPackets(const InputOptions& options) {
  if (!is_at_header_) return;
  // Through an input of its own: what is read here has to be read again. What fails here stays unknown.
  const auto other = Open(fd_, options, Look::kAtHeader);
  PacketPtr packet(av_packet_alloc());
  if (!other.ok() || packet == nullptr) return;
  // Files mix their streams so that none lies far behind.
  constexpr int kMostPackets = 100;
  AVFormatContext* context = (*other)->context_;
  std::vector<bool> seen(context->nb_streams, false);
  // libav notes each stream's first time as it reads, and knows which packets an edit list hides.
  const auto begins = [context] {
    return std::all_of(context->streams, context->streams + context->nb_streams, [](const AVStream* stream) {
      const AVMediaType type = stream->codecpar->codec_type;
      return stream->start_time != AV_NOPTS_VALUE || (type != AVMEDIA_TYPE_VIDEO && type != AVMEDIA_TYPE_AUDIO);
    });
  };
  for (int i = 0; !begins() && i < kMostPackets && av_read_frame(context, packet.get()) >= 0; ++i) {
    const auto index = static_cast<size_t>(packet->stream_index);
    if (index < seen.size() && index < context_->nb_streams && !seen[index]) {
      seen[index] = true;
      AVCodecParameters* known = context_->streams[index]->codecpar;
      if (known->codec_type == AVMEDIA_TYPE_VIDEO) LearnFromPacket(*packet, options.max_pixels, known);
    }
    av_packet_unref(packet.get());
  }
  int64_t start = INT64_MAX;
  for (unsigned i = 0; i < context->nb_streams; ++i) {
    const AVStream& stream = *context->streams[i];
    if (stream.start_time == AV_NOPTS_VALUE || (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) continue;
    start = std::min(start, av_rescale_q(stream.start_time, stream.time_base, AV_TIME_BASE_Q));
  }
  if (start != INT64_MAX) context_->start_time = start;
}

absl::Status Input::FindStreams(const InputOptions& options, Look look) {
  SPOOL_RETURN_IF_ERROR(CheckStreamCount(options.max_streams));
  if (look == Look::kAtHeader && HeaderTellsAll(options.max_pixels)) {
    is_at_header_ = true;
    // The movie's own word is about the times before the edit list.
    int64_t longest = 0;
    for (unsigned i = 0; i < context_->nb_streams; ++i) {
      const AVStream& stream = *context_->streams[i];
      if (stream.duration > 0) {
        longest = std::max(longest, av_rescale_q(stream.duration, stream.time_base, AV_TIME_BASE_Q));
      }
    }
    if (longest > 0) context_->duration = longest;
    return CheckPixels(options.max_pixels);
  }
  // Otherwise a picture would be decoded twice.
  if (absl::EndsWith(context_->iformat->name, "_pipe") && LearnStill(options)) return absl::OkStatus();
  // Looking for parameters may decode, so the picture limit has to hold here already.
  const int rc = FindStreamInfo(options.max_pixels);
  if (io_->error_number() != 0) return AvError(AVERROR(io_->error_number()), "read the input", Reason::kIoError);
  if (rc < 0) return AvError(rc, "find the input's streams", Reason::kInvalidMedia);
  if (context_->nb_streams == 0) return Failure(Reason::kInvalidMedia, "the input has no streams");
  // Some formats name their streams only as they go.
  SPOOL_RETURN_IF_ERROR(CheckStreamCount(options.max_streams));
  return CheckPixels(options.max_pixels);
}

absl::Status Input::CheckPixels(int64_t max_pixels) {
  if (max_pixels <= 0) return absl::OkStatus();
  for (unsigned i = 0; i < context_->nb_streams; ++i) {
    const AVCodecParameters& codec = *context_->streams[i]->codecpar;
    Dimensions size = {codec.width, codec.height};
    // A still that is too large has not been decoded, so libav does not know its size. Its header does.
    if (size.width == 0 && codec.codec_type == AVMEDIA_TYPE_VIDEO && context_->nb_streams == 1)
      size = FirstPacketSize();
    if (int64_t{size.width} * size.height > max_pixels) {
      return Failure(Reason::kLimitExceeded, absl::StrCat("stream ", i, " is ", size.width, "x", size.height,
                                                          ", more than ", max_pixels, " pixels"));
    }
  }
  return absl::OkStatus();
}

Input::Dimensions Input::FirstPacketSize() {
  const AVCodec* decoder = FindDecoder(context_->streams[0]->codecpar->codec_id);
  PacketPtr packet(av_packet_alloc());
  if (decoder == nullptr || packet == nullptr || av_read_frame(context_, packet.get()) < 0) return {};
  const CodecContextPtr codec = ReadPacketHeader(decoder, *packet);
  if (codec == nullptr) return {};
  if (codec->width > 0) return {codec->width, codec->height};
  // Sizes beyond all measure libav forgets again. In PNG they lie at a fixed place, as two big-endian numbers.
  constexpr int kPngWidth = 16, kPngHeight = 20;
  if (decoder->id != AV_CODEC_ID_PNG || packet->size < kPngHeight + 4) return {};
  return {static_cast<int>(AV_RB32(packet->data + kPngWidth) & INT32_MAX),
          static_cast<int>(AV_RB32(packet->data + kPngHeight) & INT32_MAX)};
}

bool Input::LearnStill(const InputOptions& options) {
  AVCodecParameters* known = context_->nb_streams == 1 ? context_->streams[0]->codecpar : nullptr;
  // Others decide on their pixel format only as they decode.
  if (known == nullptr || (known->codec_id != AV_CODEC_ID_MJPEG && known->codec_id != AV_CODEC_ID_PNG)) return false;
  // Through an input of its own: what is read here has to be read again.
  Input other(fd_);
  auto io = FileIo::ForReading(fd_);
  PacketPtr packet(av_packet_alloc());
  if (!io.ok() || packet == nullptr) return false;
  other.io_ = *std::move(io);
  if (!other.OpenDemuxer(options).ok() || av_read_frame(other.context_, packet.get()) < 0) return false;
  breaks_off_ = known->codec_id == AV_CODEC_ID_MJPEG && JpegBreaksOff(*packet);
  return LearnFromHeader(*packet, options.max_pixels, known);
}

bool JpegBreaksOff(const AVPacket& jpeg) {
  // The mark of the end.
  constexpr absl::string_view kEnd("\xff\xd9", 2);
  const absl::string_view bytes(reinterpret_cast<const char*>(jpeg.data), jpeg.size);
  return bytes.rfind(kEnd) == absl::string_view::npos;
}

}  // namespace spool::av

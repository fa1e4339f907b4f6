#include "server/media/check.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/av/allowed.h"
#include "server/av/failure.h"
#include "server/av/handles.h"
#include "server/av/input.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"
#include "server/media/probe.h"
#include "server/media/webp_file.h"

namespace spool::media {
namespace {

absl::Status Wrong(absl::string_view what) {
  return av::Failure(av::Reason::kInternal, absl::StrCat("the output is not what was planned: ", what));
}

// Muxers may add a stream of their own (chapters, in MP4) and leave out those that got no packets.
absl::Status CheckStreams(const v1::MediaInfo& info, std::map<std::string, int> missing) {
  for (const v1::StreamInfo& stream : info.streams()) --missing[stream.kind()];
  for (const auto& [kind, count] : missing) {
    if (count > 0) return Wrong(absl::StrCat(count, " ", kind, count == 1 ? " stream is" : " streams are", " missing"));
  }
  return absl::OkStatus();
}

// Sound and picture need not end together, and containers round.
absl::Status CheckDuration(const v1::MediaInfo& info, absl::Duration expected) {
  if (!info.has_duration() || expected <= absl::ZeroDuration()) return absl::OkStatus();
  const absl::Duration slack = std::max(absl::Seconds(1), expected * 0.02);
  const absl::Duration actual = FromProto(info.duration());
  if (actual >= expected - slack && actual <= expected + slack) return absl::OkStatus();
  return Wrong(absl::StrCat("it lasts ", absl::FormatDuration(actual), ", not ", absl::FormatDuration(expected)));
}

// Frames that come out of `codec` until it wants more, or has no more.
int TakeFrames(AVCodecContext* codec, AVFrame* frame) {
  int frames = 0;
  while (avcodec_receive_frame(codec, frame) >= 0) ++frames;
  return frames;
}

// Decodes from where `input` is until a frame comes out, or, with `to_end`, all that follows. How many came out.
int DecodeFrom(av::Input& input, AVCodecContext* codec, int stream, bool to_end) {
  // Longer than encoders let a group of pictures grow; where they do not keep to that, its beginning will do.
  constexpr int kMostPackets = 300;
  const av::PacketPtr packet(av_packet_alloc());
  const av::FramePtr frame(av_frame_alloc());
  if (packet == nullptr || frame == nullptr) return 0;
  int frames = 0;
  for (int i = 0; i < kMostPackets && (to_end || frames == 0); ++i) {
    if (av_read_frame(input.context(), packet.get()) < 0) break;
    if (packet->stream_index == stream && avcodec_send_packet(codec, packet.get()) >= 0) {
      frames += TakeFrames(codec, frame.get());
    }
    av_packet_unref(packet.get());
  }
  if (to_end || frames == 0) {
    avcodec_send_packet(codec, nullptr);
    frames += TakeFrames(codec, frame.get());
  }
  return frames;
}

// What was encoded here must decode: the first picture, and those after the last key frame.
absl::Status DecodeEnds(av::Input& output, bool is_still) {
  const int stream = av_find_best_stream(output.context(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (stream < 0) return Wrong("its picture cannot be found");
  const AVStream& video = *output.context()->streams[stream];
  const AVCodec* decoder = av::FindDecoder(video.codecpar->codec_id);
  const av::CodecContextPtr codec(decoder != nullptr ? avcodec_alloc_context3(decoder) : nullptr);
  if (codec == nullptr || avcodec_parameters_to_context(codec.get(), video.codecpar) < 0) {
    return Wrong("its picture cannot be decoded");
  }
  codec->pkt_timebase = video.time_base;
  // How well it looks is not the question.
  codec->skip_loop_filter = AVDISCARD_ALL;
  if (avcodec_open2(codec.get(), decoder, nullptr) < 0 || DecodeFrom(output, codec.get(), stream, false) == 0) {
    return Wrong("its first picture cannot be decoded");
  }
  if (is_still || output.context()->duration <= 0) return absl::OkStatus();
  avcodec_flush_buffers(codec.get());
  codec->skip_frame = AVDISCARD_NONREF;
  // Formats without an index cannot go there; nor need they be written by us.
  if (av_seek_frame(output.context(), -1, output.context()->duration, AVSEEK_FLAG_BACKWARD) < 0)
    return absl::OkStatus();
  if (DecodeFrom(output, codec.get(), stream, true) == 0) return Wrong("its last pictures cannot be decoded");
  return absl::OkStatus();
}

// FFmpeg writes animated WebP but does not read it.
absl::StatusOr<v1::JobResult> CheckAnimatedWebp(int fd, const Expected& expected) {
  const absl::StatusOr<WebpFacts> facts = ReadAnimatedWebp(fd);
  if (!facts.ok()) return Wrong(facts.status().message());
  if (expected.size.has_value() && *expected.size != facts->canvas) {
    return Wrong(absl::StrCat("it is ", facts->canvas.width, "x", facts->canvas.height));
  }
  v1::JobResult result;
  result.set_container(v1::CONTAINER_WEBP);
  result.set_video_codec("webp");
  result.set_width(facts->canvas.width);
  result.set_height(facts->canvas.height);
  result.set_frames(facts->frames);
  *result.mutable_duration() = ToProto(facts->duration);
  result.set_bytes(lseek(fd, 0, SEEK_END));
  return result;
}

}  // namespace

absl::StatusOr<v1::JobResult> CheckOutput(int fd, v1::Container container, const Expected& expected) {
  std::array<char, 21> head = {};
  if (container == v1::CONTAINER_WEBP && pread(fd, head.data(), head.size(), 0) == head.size() &&
      IsAnimatedWebp(absl::string_view(head.data(), head.size()))) {
    return CheckAnimatedWebp(fd, expected);
  }
  SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<av::Input> output,
                         av::Input::Open(fd, av::InputOptions{}, av::Look::kAtHeader));
  SPOOL_ASSIGN_OR_RETURN(const InputFacts facts, Probe(*output, fd));
  SPOOL_RETURN_IF_ERROR(CheckStreams(facts.info, expected.streams));
  SPOOL_RETURN_IF_ERROR(CheckDuration(facts.info, expected.duration));

  v1::JobResult result;
  result.set_container(container);
  result.set_bytes(output->bytes());
  for (const v1::StreamInfo& stream : facts.info.streams()) {
    if (stream.kind() == "video" && !stream.attached_picture() && result.video_codec().empty()) {
      result.set_video_codec(stream.codec());
      result.set_width(stream.width());
      result.set_height(stream.height());
    }
    if (stream.kind() == "audio" && result.audio_codec().empty()) result.set_audio_codec(stream.codec());
  }
  if (expected.size.has_value()) {
    SPOOL_RETURN_IF_ERROR(DecodeEnds(*output, facts.info.still_image()));
  }
  if (expected.size.has_value() && *expected.size != Size{result.width(), result.height()}) {
    return Wrong(absl::StrCat("it is ", result.width(), "x", result.height(), ", not ", expected.size->width, "x",
                              expected.size->height));
  }
  if (!facts.info.still_image()) {
    const absl::Duration duration = facts.info.has_duration() ? FromProto(facts.info.duration()) : expected.duration;
    *result.mutable_duration() = ToProto(duration);
  }
  return result;
}

}  // namespace spool::media

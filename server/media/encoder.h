// Frames to packets.

#ifndef SPOOL_SERVER_MEDIA_ENCODER_H_
#define SPOOL_SERVER_MEDIA_ENCODER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/av/handles.h"
#include "server/media/damage.h"
#include "server/media/plan.h"
#include "server/media/stage.h"

namespace spool::media {

// What video and audio encoders have in common: the pull loop.
class Encoder : public PacketSource {
 public:
  absl::StatusOr<Pulled<av::PacketPtr>> Next() override;

  // What the muxer has to know before the first packet. Only once the encoder is open.
  const AVCodecContext& codec() const { return *codec_; }

 protected:
  Encoder() = default;

  // The next frame, timed in the codec's time base. An encoder that opens late opens here.
  virtual absl::StatusOr<Pulled<av::FramePtr>> NextFrame() = 0;
  // Makes the codec's context, not yet open.
  absl::Status Allocate(const char* encoder, bool global_header);
  absl::Status Open(av::Dictionary& settings, const std::string& what);

  av::CodecContextPtr codec_;

 private:
  absl::Status Send(AVFrame* frame);
  void MendDts(AVPacket& packet);

  // Durations by pts, for encoders that lose them.
  std::map<int64_t, int64_t> durations_;
  bool draining_ = false;
  int64_t last_dts_ = AV_NOPTS_VALUE;
};

// How a video stream counts time.
struct VideoTiming {
  AVRational time_base;
  AVRational frame_rate;
  // One frame a tick.
  bool constant = false;
};

// From a stream's average and base frame rates. Steady ones count in frames, which encoders like best; others keep
// their timestamps, in ticks no finer than the 90 kHz that every format knows.
VideoTiming TimingFor(AVRational average_rate, AVRational base_rate, AVRational time_base);

// One of the two looks at the same pictures.
enum class Pass { kOnly, kFirst, kSecond };

struct VideoEncoderOptions {
  VideoTarget target;
  VideoTiming timing;
  int threads = 1;
  bool global_header = false;
  Pass pass = Pass::kOnly;
  // What the first pass found out; filled by the first, read by the second. Not for Pass::kOnly.
  std::string* pass_log = nullptr;
};

class VideoEncoder : public Encoder {
 public:
  // Borrows `damage`.
  VideoEncoder(std::unique_ptr<FrameSource> source, VideoEncoderOptions options, Damage* damage);

  // Pulls the first frame, which decides colours and HDR metadata, and opens the codec for it. False: there is none.
  absl::StatusOr<bool> OpenForFirstFrame();

  // The first pass: swallows all frames, keeps what it found out, writes nothing.
  absl::Status LookAtAll(absl::AnyInvocable<absl::Status(int64_t frames, absl::Duration media_time)> after_frame);

 protected:
  absl::StatusOr<Pulled<av::FramePtr>> NextFrame() override;

 private:
  absl::Status OpenFor(const AVFrame& frame);
  void SetUpPass(av::Dictionary& settings);
  // Asks for a key frame where one is due.
  void PlaceKeyFrame(AVFrame& frame);
  // Where a constant rate's frames lie is counted from the first one: it need not begin on a frame's boundary, and
  // rounding it there would move the picture against the sound by up to half a frame.
  void Anchor(const AVFrame& first);
  // Puts the frame on the codec's time base. False: no tick is left for it.
  bool Retime(AVFrame& frame);

  const VideoEncoderOptions options_;
  const VideoTarget& target_ = options_.target;
  VideoTiming timing_ = options_.timing;
  int64_t anchor_ = 0;
  // Of the codec's time base, for one frame of a constant rate.
  int ticks_ = 1;
  Damage* const damage_;
  std::unique_ptr<FrameSource> source_;
  av::FramePtr first_;
  // How many key frames were asked for.
  int64_t keys_ = 0;
  int64_t last_pts_ = AV_NOPTS_VALUE;
  int64_t frames_ = 0;
  bool ended_ = false;
};

class AudioEncoder : public Encoder {
 public:
  // Opens at once: sound that begins late must not hold up the output's header.
  static absl::StatusOr<std::unique_ptr<AudioEncoder>> Create(const AudioTarget& target, bool global_header);

  // Before the first Next. Frames come in the codec's format.
  void SetSource(std::unique_ptr<FrameSource> source) { source_ = std::move(source); }

 protected:
  absl::StatusOr<Pulled<av::FramePtr>> NextFrame() override;

 private:
  AudioEncoder() = default;
  // A full frame, or what is left at the end; null when more has to come first.
  absl::StatusOr<av::FramePtr> TakeChunk();
  absl::Status Keep(const AVFrame& frame);

  std::unique_ptr<FrameSource> source_;
  av::AudioFifoPtr fifo_;
  // Time of the first sample in fifo_, in samples.
  int64_t next_pts_ = AV_NOPTS_VALUE;
  bool source_ended_ = false;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_ENCODER_H_

// Packets to frames.

#ifndef SPOOL_SERVER_MEDIA_DECODER_H_
#define SPOOL_SERVER_MEDIA_DECODER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/av/handles.h"
#include "server/media/damage.h"
#include "server/media/plan.h"
#include "server/media/stage.h"

namespace spool::media {

struct DecoderOptions {
  int threads = 1;
  int64_t max_pixels = 0;
  // Prefers a decoder that sees transparency.
  bool want_alpha = false;
  // Frames outside are dropped, and times are counted from its start.
  TimeRange range;
  // Ends after the first frame; if the range begins beyond the last one, that is it.
  bool one_frame = false;
  // JPEG: decodes at 1/2, 1/4, 1/8 of the size (1, 2, 3).
  int shrink = 0;
};

// Every frame has a pts, later than the one before: where the stream does not say, it is guessed. Damage is counted and
// passed over.
class Decoder : public FrameSource {
 public:
  // Borrows `stream` and `damage`.
  static absl::StatusOr<std::unique_ptr<Decoder>> Create(const AVStream& stream, std::unique_ptr<PacketSource> source,
                                                         const DecoderOptions& options, Damage* damage);

  absl::StatusOr<Pulled<av::FramePtr>> Next() override;

 private:
  Decoder(const AVStream& stream, std::unique_ptr<PacketSource> source, const DecoderOptions& options, Damage* damage);

  absl::Status Open();
  // Next frame of the codec, wherever it lies in time.
  absl::StatusOr<Pulled<av::FramePtr>> Decode();
  // Gives the codec one packet, or the end. False when the source has none yet.
  absl::StatusOr<bool> Feed();
  void Timestamp(AVFrame& frame);
  int64_t DurationOf(const AVFrame& frame) const;
  // Moves the frame onto the range's timeline. kAfter: the rest is not wanted either.
  enum class Place { kBefore, kInside, kAfter };
  Place PlaceInRange(AVFrame& frame) const;

  const AVStream& stream_;
  // Let go as soon as no more frames are wanted.
  std::unique_ptr<PacketSource> source_;
  const DecoderOptions options_;
  Damage* const damage_;
  av::CodecContextPtr codec_;
  bool draining_ = false;
  bool ended_ = false;
  // The latest frame before the range, when one is better than none.
  av::FramePtr before_;
  int64_t last_pts_ = AV_NOPTS_VALUE;
  int64_t last_duration_ = 0;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_DECODER_H_

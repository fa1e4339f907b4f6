// Packets passed on as they are, but for their timestamps.

#ifndef SPOOL_SERVER_MEDIA_COPIER_H_
#define SPOOL_SERVER_MEDIA_COPIER_H_

#include <memory>

#include "absl/time/time.h"
#include "server/media/ask.h"
#include "server/media/stage.h"

namespace spool::media {

// Gives every packet a dts, later than the one before it, and a pts not before its dts. A video stream begins at its
// first key frame in `range`: what lies before cannot be decoded. Times are counted from the range's start. Damage in
// mid-stream is the decoder's matter.
// UNSUPPORTED_MEDIA if it is encrypted.
class Copier : public PacketSource {
 public:
  Copier(const AVStream& stream, std::unique_ptr<PacketSource> source, const TimeRange& range);

  absl::StatusOr<Pulled<av::PacketPtr>> Next() override;

 private:
  // Next packet of the source, but for a last one that the file's end cuts short: no decoder can use it.
  absl::StatusOr<Pulled<av::PacketPtr>> PullWhole();
  void MendTimes(AVPacket& packet);
  // Whether the packet lies before the range, and so is left out.
  bool IsBefore(const AVPacket& packet) const;
  bool IsAfter(const AVPacket& packet) const;

  const bool is_video_;
  const bool is_ac3_;
  const bool is_attached_picture_;
  const TimeRange range_;
  std::unique_ptr<PacketSource> source_;
  // A packet that may be cut short, until it is known whether another one follows; then that one.
  av::PacketPtr damaged_;
  av::PacketPtr following_;
  bool seen_key_ = false;
  int64_t last_dts_ = AV_NOPTS_VALUE;
  int64_t last_duration_ = 0;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_COPIER_H_

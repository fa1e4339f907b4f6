// Text subtitles from one codec to another.

#ifndef SPOOL_SERVER_MEDIA_SUBTITLE_H_
#define SPOOL_SERVER_MEDIA_SUBTITLE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/av/handles.h"
#include "server/media/damage.h"
#include "server/media/plan.h"
#include "server/media/stage.h"

namespace spool::media {

// libav decodes every text codec to ASS and encodes from it, so any goes to any; styles may get lost.
class SubtitleConverter : public PacketSource {
 public:
  // Borrows `stream` and `damage`.
  static absl::StatusOr<std::unique_ptr<SubtitleConverter>> Create(const AVStream& stream,
                                                                   std::unique_ptr<PacketSource> source,
                                                                   AVCodecID target, bool global_header,
                                                                   const TimeRange& range, Damage* damage);

  absl::StatusOr<Pulled<av::PacketPtr>> Next() override;

  const AVCodecContext& codec() const { return *encoder_; }

 private:
  SubtitleConverter(const AVStream& stream, std::unique_ptr<PacketSource> source, const TimeRange& range,
                    Damage* damage);
  absl::Status OpenDecoder();
  absl::Status OpenEncoder(AVCodecID target, bool global_header);
  // Null when the packet shows nothing.
  absl::StatusOr<av::PacketPtr> Convert(AVPacket& packet);
  absl::StatusOr<av::PacketPtr> Encode(const AVSubtitle& subtitle);

  const AVStream& stream_;
  const TimeRange range_;
  Damage* const damage_;
  std::unique_ptr<PacketSource> source_;
  av::CodecContextPtr decoder_;
  av::CodecContextPtr encoder_;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_SUBTITLE_H_

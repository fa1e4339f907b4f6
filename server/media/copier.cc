#include "server/media/copier.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/av/failure.h"
#include "server/base/status_macros.h"

namespace spool::media {
namespace {

// Whether one of the frames of AC-3 or E-AC-3 in a packet (there may be a second one, for more channels) is shorter
// than it says. Their parser passes on what a stream's end leaves of them.
bool IsCutShort(const AVPacket& packet) {
  for (int at = 0; at < packet.size;) {
    uint8_t id = 0;
    uint16_t bytes = 0;
    if (av_ac3_parse_header(packet.data + at, static_cast<size_t>(packet.size - at), &id, &bytes) < 0) return false;
    if (bytes == 0 || bytes > packet.size - at) return bytes != 0;
    at += bytes;
  }
  return false;
}

}  // namespace

Copier::Copier(const AVStream& stream, std::unique_ptr<PacketSource> source, const TimeRange& range)
    : is_video_(stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO),
      is_ac3_(stream.codecpar->codec_id == AV_CODEC_ID_AC3 || stream.codecpar->codec_id == AV_CODEC_ID_EAC3),
      is_attached_picture_((stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0),
      range_(range),
      source_(std::move(source)) {}

bool Copier::IsBefore(const AVPacket& packet) const {
  const int64_t shown = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
  if (range_.start == absl::ZeroDuration() || shown == AV_NOPTS_VALUE) return false;
  const int64_t start = av_rescale_q(absl::ToInt64Microseconds(range_.start), AV_TIME_BASE_Q, packet.time_base);
  // Containers round. Sound is cut at the packet that lies for the most part inside.
  const int64_t slack = is_video_ ? av_rescale_q(2000, AV_TIME_BASE_Q, packet.time_base) : packet.duration / 2;
  return shown + slack < start;
}

bool Copier::IsAfter(const AVPacket& packet) const {
  return range_.end != absl::InfiniteDuration() &&
         av_compare_ts(packet.dts, packet.time_base, absl::ToInt64Microseconds(range_.end - range_.start),
                       AV_TIME_BASE_Q) >= 0;
}

absl::StatusOr<Pulled<av::PacketPtr>> Copier::PullWhole() {
  for (;;) {
    if (following_ != nullptr) return std::move(following_);
    SPOOL_ASSIGN_OR_RETURN(Pulled<av::PacketPtr> pulled, source_->Next());
    auto* packet = std::get_if<av::PacketPtr>(&pulled);
    if (packet == nullptr) return pulled;
    const bool is_damaged = ((*packet)->flags & AV_PKT_FLAG_CORRUPT) != 0 || (is_ac3_ && IsCutShort(**packet));
    if (damaged_ == nullptr && !is_damaged) return pulled;
    av::PacketPtr before = std::move(damaged_);
    (is_damaged ? damaged_ : following_) = std::move(*packet);
    if (before != nullptr) return before;
  }
}

absl::StatusOr<Pulled<av::PacketPtr>> Copier::Next() {
  while (source_ != nullptr) {
    SPOOL_ASSIGN_OR_RETURN(Pulled<av::PacketPtr> pulled, PullWhole());
    auto* packet = std::get_if<av::PacketPtr>(&pulled);
    if (packet == nullptr) return pulled;
    if (!is_attached_picture_ && IsBefore(**packet)) continue;
    seen_key_ |= ((*packet)->flags & AV_PKT_FLAG_KEY) != 0;
    if (is_video_ && !seen_key_) continue;
    if ((*packet)->size == 0) continue;
    // Copied, it would be noise that nothing says is encrypted.
    if (av_packet_get_side_data(packet->get(), AV_PKT_DATA_ENCRYPTION_INFO, nullptr) != nullptr) {
      return av::Failure(av::Reason::kUnsupportedMedia,
                         absl::StrCat("stream ", (*packet)->stream_index, " is encrypted"));
    }
    MendTimes(**packet);
    if (IsAfter(**packet)) break;
    return pulled;
  }
  source_.reset();
  return End{};
}

void Copier::MendTimes(AVPacket& packet) {
  if (is_attached_picture_) {
    packet.pts = packet.dts = 0;
    return;
  }
  const int64_t start = av_rescale_q(absl::ToInt64Microseconds(range_.start), AV_TIME_BASE_Q, packet.time_base);
  if (packet.pts != AV_NOPTS_VALUE) packet.pts -= start;
  if (packet.dts != AV_NOPTS_VALUE) packet.dts -= start;
  const int64_t expected =
      last_dts_ == AV_NOPTS_VALUE ? AV_NOPTS_VALUE : last_dts_ + std::max<int64_t>(last_duration_, 1);
  if (packet.dts == AV_NOPTS_VALUE) packet.dts = expected != AV_NOPTS_VALUE ? expected : packet.pts;
  if (packet.dts == AV_NOPTS_VALUE) packet.dts = 0;
  // A step back in time goes on from where the stream was.
  if (last_dts_ != AV_NOPTS_VALUE && packet.dts <= last_dts_) packet.dts = expected;
  if (packet.pts == AV_NOPTS_VALUE || packet.pts < packet.dts) packet.pts = packet.dts;
  last_dts_ = packet.dts;
  last_duration_ = packet.duration;
}

}  // namespace spool::media

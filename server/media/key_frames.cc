#include "server/media/key_frames.h"

#include "absl/strings/match.h"
#include "server/media/damage.h"
#include "server/media/demuxer.h"

namespace spool::media {
namespace {

bool IsCuttable(av::Input& input, int stream, absl::Duration time) {
  // As far as pictures are reordered: encoders use up to sixteen.
  constexpr int kLookAhead = 20;
  constexpr absl::Duration kSame = absl::Milliseconds(2);
  Damage damage;
  Demuxer demuxer(&input, &damage, [] {});
  // A seek goes by decode times, which may lie a little before what is shown.
  if (!demuxer.SeekTo(time).ok()) return false;
  const std::unique_ptr<PacketSource> packets = demuxer.Select(stream, Appetite::kFull);
  int64_t key = AV_NOPTS_VALUE;
  for (int i = 0; i < kLookAhead; ++i) {
    const auto pulled = packets->Next();
    if (!pulled.ok()) return false;
    const auto* packet = std::get_if<av::PacketPtr>(&*pulled);
    if (packet == nullptr) break;
    const int64_t pts = (*packet)->pts;
    if (pts == AV_NOPTS_VALUE) return false;
    if (key == AV_NOPTS_VALUE) {
      const absl::Duration shown = absl::Microseconds(av_rescale_q(pts, (*packet)->time_base, AV_TIME_BASE_Q));
      if (((*packet)->flags & AV_PKT_FLAG_KEY) == 0 || absl::AbsDuration(shown - time) > kSame) return false;
      key = pts;
    } else if (pts < key) {
      return false;
    }
  }
  return key != AV_NOPTS_VALUE;
}

}  // namespace

std::vector<absl::Duration> KeyFramesAmong(av::Input& input, int stream, const std::set<absl::Duration>& times) {
  std::vector<absl::Duration> key_frames;
  // Others do not say reliably which packets are key frames, or cannot go to them.
  const absl::string_view format = input.context()->iformat->name;
  if (!absl::StartsWith(format, "mov,") && !absl::StartsWith(format, "matroska")) return key_frames;
  for (const absl::Duration time : times) {
    if (time > absl::ZeroDuration() && IsCuttable(input, stream, time)) key_frames.push_back(time);
  }
  return key_frames;
}

}  // namespace spool::media

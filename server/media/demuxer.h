// Deals an input's packets out to those who ask for them stream by stream.

#ifndef SPOOL_SERVER_MEDIA_DEMUXER_H_
#define SPOOL_SERVER_MEDIA_DEMUXER_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/av/input.h"
#include "server/media/damage.h"
#include "server/media/discontinuity.h"
#include "server/media/stage.h"

namespace spool::media {

// Where the input's timeline begins, in microseconds of the demuxer's clock. Not always its lowest timestamp: sound may
// start a few milliseconds early with samples that only prime the decoder, and the picture must not move for them.
int64_t TimelineOrigin(const AVFormatContext& context);

// How eager a stream's reader is.
enum class Appetite {
  // Reads on until it has a packet.
  kFull,
  // Takes what others' reading brings up. For subtitles, of which there may be none for hours.
  kSparse,
};

// Timestamps come out counted from the input's beginning, so that all streams keep their place against each other.
// Packets that no one selected are dropped. Not thread-safe.
class Demuxer {
 public:
  // Borrows both. Calls `after_read` for each packet: as stages read only for those behind them, this is the pulse of
  // the whole line, even while a slow encoder fills up and nothing comes out yet.
  Demuxer(av::Input* input, Damage* damage, absl::AnyInvocable<void()> after_read);

  // Before the first pull; each stream once. A source that is destroyed wants no more packets. It lives no longer than
  // this.
  std::unique_ptr<PacketSource> Select(int stream, Appetite appetite);

  // Before the first pull: goes to the last point at or before `start` from which the picture can be decoded.
  absl::Status SeekTo(absl::Duration start);

  // Furthest time that was read, from the input's beginning.
  absl::Duration read_through() const { return read_through_; }

 private:
  class Source;

  absl::StatusOr<Pulled<av::PacketPtr>> Next(int stream, Appetite appetite);
  void Deselect(int stream);
  // Reads one packet into its queue. False at the end.
  absl::StatusOr<bool> ReadOne();
  void PutOnTimeline(AVPacket& packet);

  av::Input* const input_;
  Damage* const damage_;
  absl::AnyInvocable<void()> after_read_;
  Discontinuity discontinuity_;
  // The selected streams.
  std::map<int, std::deque<av::PacketPtr>> queues_;
  int64_t queued_bytes_ = 0;
  bool at_end_ = false;
  absl::Duration read_through_ = absl::ZeroDuration();
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_DEMUXER_H_

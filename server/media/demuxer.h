// Deals an input's packets out to those who ask for them stream by stream.

#ifndef SPOOL_SERVER_MEDIA_DEMUXER_H_
#define SPOOL_SERVER_MEDIA_DEMUXER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/av/input.h"
#include "server/base/mutex.h"
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
// Packets that no one selected are dropped. Sources may be pulled by different threads.
class Demuxer {
 public:
  // Borrows both. Calls `after_read` for each packet, from whichever thread reads: as stages read only for those behind
  // them, this is the pulse of the whole line, even while a slow encoder fills up and nothing comes out yet.
  Demuxer(av::Input* input, Damage* damage, absl::AnyInvocable<void()> after_read);

  // Before the first pull. A stream may be selected more than once: each source gets all its packets. A source that is
  // destroyed wants no more. It lives no longer than this.
  std::unique_ptr<PacketSource> Select(int stream, Appetite appetite);

  // Before the first pull: goes to the last point at or before `start` from which the picture can be decoded.
  absl::Status SeekTo(absl::Duration start);

 private:
  class Source;

  absl::StatusOr<Pulled<av::PacketPtr>> Next(Source& source);
  void Deselect(Source& source);
  bool IsSelected(int stream) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Reads one packet into the queues of those who selected its stream. False at the end.
  absl::StatusOr<bool> ReadOne() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Deal(av::PacketPtr packet) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void PutOnTimeline(AVPacket& packet) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  av::Input* const input_;
  Damage* const damage_;
  // Also guards the input's context.
  Mutex mu_;
  absl::AnyInvocable<void()> after_read_ ABSL_GUARDED_BY(mu_);
  Discontinuity discontinuity_ ABSL_GUARDED_BY(mu_);
  std::vector<Source*> sources_ ABSL_GUARDED_BY(mu_);
  int64_t queued_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  bool at_end_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_DEMUXER_H_

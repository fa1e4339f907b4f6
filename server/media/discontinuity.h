// Broadcast streams may jump in time: recordings joined end to end, clocks set back. This closes the jumps.

#ifndef SPOOL_SERVER_MEDIA_DISCONTINUITY_H_
#define SPOOL_SERVER_MEDIA_DISCONTINUITY_H_

#include <cstdint>
#include <map>
#include <optional>

namespace spool::media {

// Works on decode times in microseconds, in the order in which the packets lie in the file. Other containers' gaps mean
// what they say and must not pass through here.
class Discontinuity {
 public:
  // What to add to all times of this packet, and of the following ones of every stream. `duration` is the packet's.
  int64_t ShiftFor(int stream, int64_t decode_time, int64_t duration);

 private:
  // Beyond this a step is a jump. Streams of one program lie less apart than that in the file.
  static constexpr int64_t kJumpMicros = 10'000'000;

  int64_t shift_ = 0;
  // Where each stream's next packet is expected, shifted.
  std::map<int, int64_t> expected_;
  std::optional<int64_t> latest_;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_DISCONTINUITY_H_

#include "server/media/discontinuity.h"

#include <algorithm>
#include <cstdlib>

namespace spool::media {

int64_t Discontinuity::ShiftFor(int stream, int64_t decode_time, int64_t duration) {
  const auto own = expected_.find(stream);
  // A stream that begins is held against the others.
  const std::optional<int64_t> expected = own != expected_.end() ? std::optional(own->second) : latest_;
  if (expected.has_value() && std::abs(decode_time + shift_ - *expected) > kJumpMicros) {
    shift_ = *expected - decode_time;
    // The other streams have jumped as well and are measured anew.
    expected_.clear();
  }
  const int64_t next = decode_time + shift_ + duration;
  expected_[stream] = next;
  latest_ = std::max(latest_.value_or(next), next);
  return shift_;
}

}  // namespace spool::media

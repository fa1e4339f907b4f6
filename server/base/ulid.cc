#include "server/base/ulid.h"

#include <algorithm>

#include "server/base/mutex.h"

namespace spool {
namespace {

constexpr absl::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

// Writes the low 5 * count bits of `value`, most significant first.
void Append(std::string& out, uint64_t value, int count) {
  for (int shift = 5 * (count - 1); shift >= 0; shift -= 5) out += kAlphabet[(value >> shift) & 31];
}

}  // namespace

std::string UlidSource::Next(absl::Time now) {
  MutexLock lock(&mu_);
  const int64_t millis = absl::ToUnixMillis(now);
  if (millis > last_millis_) {
    last_millis_ = millis;
    // The top bit stays clear, so that counting up within a millisecond cannot overflow.
    high_ = absl::Uniform<uint16_t>(random_) & 0x7fff;
    low_ = absl::Uniform<uint64_t>(random_);
  } else if (++low_ == 0) {
    ++high_;
  }
  std::string id;
  id.reserve(26);
  Append(id, static_cast<uint64_t>(last_millis_), 10);
  // 80 bits are 16 digits: 16 bits and the top 4 of the 64 make the first four.
  Append(id, (static_cast<uint64_t>(high_) << 4) | (low_ >> 60), 4);
  Append(id, low_ & ((uint64_t{1} << 60) - 1), 12);
  return id;
}

bool IsUlid(absl::string_view text) {
  return text.size() == 26 && text[0] <= '7' &&
         std::all_of(text.begin(), text.end(), [](char c) { return kAlphabet.find(c) != absl::string_view::npos; });
}

}  // namespace spool

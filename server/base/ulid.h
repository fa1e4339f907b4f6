// ULIDs: ids that sort by the time they were made (https://github.com/ulid/spec).

#ifndef SPOOL_SERVER_BASE_ULID_H_
#define SPOOL_SERVER_BASE_ULID_H_

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"

namespace spool {

// Makes ULIDs: 26 characters of Crockford's base 32, 48 bits of milliseconds and 80 random bits. Thread-safe.
// Those of one source strictly increase, also within a millisecond and when the clock steps back.
class UlidSource {
 public:
  std::string Next(absl::Time now);

 private:
  Mutex mu_;
  absl::BitGen random_ ABSL_GUARDED_BY(mu_);
  int64_t last_millis_ ABSL_GUARDED_BY(mu_) = -1;
  uint16_t high_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t low_ ABSL_GUARDED_BY(mu_) = 0;
};

// Whether `text` is a ULID in its canonical upper-case spelling.
bool IsUlid(absl::string_view text);

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_ULID_H_

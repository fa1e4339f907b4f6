// What the log says of callers who were not let in.

#ifndef SPOOL_SERVER_AUTH_REFUSALS_H_
#define SPOOL_SERVER_AUTH_REFUSALS_H_

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"

namespace spool::auth {

// Logs one in a second, and how many it did not: whoever tries tokens must not fill the disk. Thread-safe.
class Refusals {
 public:
  explicit Refusals(const Clock* clock) : clock_(clock) {}

  // True if it was logged.
  bool Add(absl::string_view peer, const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  const Clock* const clock_;
  Mutex mu_;
  absl::Time next_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
  int64_t unlogged_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace spool::auth

#endif  // SPOOL_SERVER_AUTH_REFUSALS_H_

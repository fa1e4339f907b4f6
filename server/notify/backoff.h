// How long a failed delivery waits.

#ifndef SPOOL_SERVER_NOTIFY_BACKOFF_H_
#define SPOOL_SERVER_NOTIFY_BACKOFF_H_

#include <optional>

#include "absl/time/time.h"
#include "spool/v1/job.pb.h"

namespace spool::notify {

// What a receiver asks for is heeded up to this.
inline constexpr absl::Duration kMaxRetryAfter = absl::Hours(1);

// After attempt `attempt` (from 1) failed; nullopt: it was the last one. `jitter` in [0, 1) is the part of the policy's
// ceiling that is waited ("full jitter"), and at least what the receiver asked for. All fields of `policy` are set.
std::optional<absl::Duration> RetryDelay(const v1::RetryPolicy& policy, int attempt,
                                         std::optional<absl::Duration> retry_after, double jitter);

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_BACKOFF_H_

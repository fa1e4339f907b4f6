// When a failed attempt is tried again.

#ifndef SPOOL_SERVER_JOB_RETRY_POLICY_H_
#define SPOOL_SERVER_JOB_RETRY_POLICY_H_

#include <optional>

#include "absl/time/time.h"
#include "spool/v1/job.pb.h"

namespace spool::job {

inline constexpr int kDefaultMaxRetries = 3;
inline constexpr absl::Duration kDefaultInitialBackoff = absl::Seconds(1);
inline constexpr absl::Duration kDefaultMaxBackoff = absl::Minutes(5);

// Interruptions by the server's own end that a job may survive: one that goes on killing servers must not do so for
// ever.
inline constexpr int kMaxInterruptions = 5;

// The policy with every field set.
v1::RetryPolicy WithDefaults(v1::RetryPolicy policy);

// The longest delay before the attempt that follows `attempt` (from 1): initial * 2^(attempt - 1), capped.
absl::Duration BackoffCeiling(const v1::RetryPolicy& policy, int attempt);

// How long to wait after this failure of attempt `job.attempt()`; nullopt if the job is to be given up. `jitter` in
// [0, 1) is drawn by the caller; the delay is that part of the ceiling ("full jitter": it spreads retries best).
std::optional<absl::Duration> RetryDelay(const v1::Job& job, const v1::JobError& error, double jitter);

}  // namespace spool::job

#endif  // SPOOL_SERVER_JOB_RETRY_POLICY_H_

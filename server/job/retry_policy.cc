#include "server/job/retry_policy.h"

#include <algorithm>

#include "server/base/proto_time.h"
#include "server/job/failure.h"

namespace spool::job {

v1::RetryPolicy WithDefaults(v1::RetryPolicy policy) {
  if (!policy.has_max_retries()) policy.set_max_retries(kDefaultMaxRetries);
  if (!policy.has_max_backoff()) {
    // A first delay of the caller's own that is longer than our cap lifts the cap.
    const absl::Duration initial =
        policy.has_initial_backoff() ? FromProto(policy.initial_backoff()) : kDefaultInitialBackoff;
    *policy.mutable_max_backoff() = ToProto(std::max(kDefaultMaxBackoff, initial));
  }
  if (!policy.has_initial_backoff()) {
    *policy.mutable_initial_backoff() = ToProto(std::min(kDefaultInitialBackoff, FromProto(policy.max_backoff())));
  }
  return policy;
}

absl::Duration BackoffCeiling(const v1::RetryPolicy& policy, int attempt) {
  const absl::Duration cap = FromProto(policy.max_backoff());
  absl::Duration delay = FromProto(policy.initial_backoff());
  // Doubling stops at the cap, so a large attempt number neither overflows nor loops for long.
  for (int i = 1; i < attempt && delay < cap && delay > absl::ZeroDuration(); ++i) delay *= 2;
  return std::min(delay, cap);
}

std::optional<absl::Duration> RetryDelay(const v1::Job& job, const v1::JobError& error, double jitter) {
  if (!error.retryable() || !IsRetryable(error.reason())) return std::nullopt;
  if (job.attempt() > job.retry_policy().max_retries()) return std::nullopt;
  return BackoffCeiling(job.retry_policy(), job.attempt()) * std::clamp(jitter, 0.0, 1.0);
}

}  // namespace spool::job

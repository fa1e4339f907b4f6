#include "server/notify/backoff.h"

#include <algorithm>

#include "server/job/retry_policy.h"

namespace spool::notify {

std::optional<absl::Duration> RetryDelay(const v1::RetryPolicy& policy, int attempt,
                                         std::optional<absl::Duration> retry_after, double jitter) {
  if (attempt > policy.max_retries()) return std::nullopt;
  const absl::Duration drawn = job::BackoffCeiling(policy, attempt) * std::clamp(jitter, 0.0, 1.0);
  return std::max(drawn, std::min(retry_after.value_or(absl::ZeroDuration()), kMaxRetryAfter));
}

}  // namespace spool::notify

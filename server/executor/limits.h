// Bounds for jobs that do not set their own, and for every worker.

#ifndef SPOOL_SERVER_EXECUTOR_LIMITS_H_
#define SPOOL_SERVER_EXECUTOR_LIMITS_H_

#include <cstdint>

#include "absl/time/time.h"

namespace spool::executor {

struct AttemptLimits {
  absl::Duration max_run_time = absl::Hours(6);
  absl::Duration max_stall_time = absl::Minutes(5);
  absl::Duration max_probe_time = absl::Seconds(20);
  int64_t max_pixels = 64000000;
  int max_streams = 64;
  int64_t max_alloc_bytes = int64_t{512} << 20;
  int64_t max_output_bytes = int64_t{64} << 30;
  // Longest output. A small file can claim a gap of days, which would be filled with silence.
  absl::Duration max_media_duration = absl::Hours(24);
  // Address space, not resident memory: encoders with many threads reserve far more than they touch.
  int64_t max_memory_bytes = int64_t{16} << 30;
};

}  // namespace spool::executor

#endif  // SPOOL_SERVER_EXECUTOR_LIMITS_H_

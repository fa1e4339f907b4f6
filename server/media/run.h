// Does one piece of media work from beginning to end: look, plan, run, check.

#ifndef SPOOL_SERVER_MEDIA_RUN_H_
#define SPOOL_SERVER_MEDIA_RUN_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/media/plan.h"
#include "server/media/progress.h"
#include "spool/v1/job.pb.h"
#include "spool/v1/media.pb.h"

namespace spool::media {

// What keeps a hostile input from costing more than it may. Zero means no limit.
struct RunLimits {
  int64_t max_pixels = 0;
  int max_streams = 0;
  int64_t max_alloc_bytes = 0;
  int64_t max_output_bytes = 0;
  absl::Duration max_media_duration = absl::ZeroDuration();
};

struct RunOptions {
  RunLimits limits;
  int threads = 1;
  // Of the input's name, without the dot; may be empty.
  std::string input_extension;
};

// What `input_fd` holds.
absl::StatusOr<v1::MediaInfo> ProbeFile(int input_fd, const RunOptions& options);

// Makes `output_fd` (empty, readable and writable) from `input_fd`. The result lacks `sha256` and `output`. A failed
// status is one of av::Failure; whatever lies in the output then is of no use. Borrows the descriptors.
absl::StatusOr<v1::JobResult> RunTask(const Task& task, const RunOptions& options, int input_fd, int output_fd,
                                      Stopwatch stopwatch, ProgressSink sink);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_RUN_H_

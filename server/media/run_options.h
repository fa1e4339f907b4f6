// What bounds and drives a run, whatever is made in it.

#ifndef SPOOL_SERVER_MEDIA_RUN_OPTIONS_H_
#define SPOOL_SERVER_MEDIA_RUN_OPTIONS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

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
  // Cores that this run may use. With 1 there are no threads but the caller's, and x264 gives the same bytes each time.
  int threads = 1;
  // Of the input's name, without the dot; may be empty.
  std::string input_extension;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_RUN_OPTIONS_H_

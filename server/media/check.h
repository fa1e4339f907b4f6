// Looks at a finished output with the eyes of a player.

#ifndef SPOOL_SERVER_MEDIA_CHECK_H_
#define SPOOL_SERVER_MEDIA_CHECK_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/media/plan.h"
#include "spool/v1/job.pb.h"

namespace spool::media {

// What the output should be.
struct Expected {
  // Of the picture, when it was encoded.
  std::optional<Size> size;
  absl::Duration duration = absl::ZeroDuration();
};

// Opens the output anew and holds it against the plan. Fills in the result's dimensions, duration, bytes, container and
// codecs. INTERNAL if the output is not what it should be.
absl::StatusOr<v1::JobResult> CheckOutput(int fd, const Plan& plan, const Expected& expected);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_CHECK_H_

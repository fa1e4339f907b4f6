// Looks at a finished output with the eyes of a player.

#ifndef SPOOL_SERVER_MEDIA_CHECK_H_
#define SPOOL_SERVER_MEDIA_CHECK_H_

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/media/geometry.h"
#include "spool/v1/job.pb.h"

namespace spool::media {

// What the output should be.
struct Expected {
  // How many at least of each kind.
  std::map<std::string, int> streams;
  // Of the picture, when it was encoded.
  std::optional<Size> size;
  absl::Duration duration = absl::ZeroDuration();
};

// Opens the output anew and holds it against what it should be. Fills in the result's dimensions, duration, bytes,
// container and codecs. INTERNAL if the output is not what it should be.
absl::StatusOr<v1::JobResult> CheckOutput(int fd, v1::Container container, const Expected& expected);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_CHECK_H_

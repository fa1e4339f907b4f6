// The flags of the commands that enqueue jobs, and the request that they make.

#ifndef SPOOL_CLIENT_CLI_JOB_REQUEST_H_
#define SPOOL_CLIENT_CLI_JOB_REQUEST_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cli/arguments.h"
#include "spool/v1/job_service.pb.h"

namespace spool::cli {

// Flags that say what to make.
std::vector<Flag> ResizeFlags();
std::vector<Flag> ConvertFlags();
std::vector<Flag> ThumbnailFlags();
std::vector<Flag> SpriteFlags();
std::vector<Flag> PreviewFlags();
std::vector<Flag> RunFlags();
// Those of a resize, a convert or a run, for `plan`.
std::vector<Flag> PlanFlags();
// Flags that all have: about the job, not about what it makes.
std::vector<Flag> JobFlags();

// The request, but for its input; the request_id is empty unless given. `now` is what --run-at +10m counts from.
// UsageError.
absl::StatusOr<v1::EnqueueRequest> ResizeRequest(const Arguments& arguments, absl::Time now);
absl::StatusOr<v1::EnqueueRequest> ConvertRequest(const Arguments& arguments, absl::Time now);
absl::StatusOr<v1::EnqueueRequest> ThumbnailRequest(const Arguments& arguments, absl::Time now);
absl::StatusOr<v1::EnqueueRequest> SpriteRequest(const Arguments& arguments, absl::Time now);
absl::StatusOr<v1::EnqueueRequest> PreviewRequest(const Arguments& arguments, absl::Time now);
absl::StatusOr<v1::EnqueueRequest> RunRequest(const Arguments& arguments, absl::Time now);
// What would be asked: a run with --run, a resize with --width or --height, else a convert.
absl::StatusOr<v1::EnqueueRequest> PlanRequest(const Arguments& arguments, absl::Time now);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_JOB_REQUEST_H_

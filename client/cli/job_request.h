// The flags of `resize` and `convert`, and the request that they make.

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
// Flags that both have: about the job, not about what it makes.
std::vector<Flag> JobFlags();

// The request, but for its input; the request_id is empty unless given. `now` is what --run-at +10m counts from.
// UsageError: a value that cannot be, or flags that do not go together.
absl::StatusOr<v1::EnqueueRequest> ResizeRequest(const Arguments& arguments, absl::Time now);
absl::StatusOr<v1::EnqueueRequest> ConvertRequest(const Arguments& arguments, absl::Time now);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_JOB_REQUEST_H_

// Following one job to its end.

#ifndef SPOOL_CLIENT_CLI_JOB_WAIT_H_
#define SPOOL_CLIENT_CLI_JOB_WAIT_H_

#include <string>

#include "absl/status/statusor.h"
#include "client/cli/session.h"
#include "spool/v1/job.pb.h"

namespace spool::cli {

// Watches `job` from `resume_token` until it is terminal, showing its progress on a terminal, and returns it as it is
// then. Survives restarts of the server. NOT_FOUND: it was deleted meanwhile.
absl::StatusOr<v1::Job> WaitForJob(Session& session, const v1::Job& job, const std::string& resume_token);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_JOB_WAIT_H_

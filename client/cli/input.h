// The FILE of a command: a local file, or something that the server already has.

#ifndef SPOOL_CLIENT_CLI_INPUT_H_
#define SPOOL_CLIENT_CLI_INPUT_H_

#include <string>

#include "absl/status/statusor.h"
#include "client/cli/arguments.h"
#include "client/cli/session.h"

namespace spool::cli {

// The `input` of a job or probe for `file`: itself if it is an "upload:" id or --remote was given, else the id of its
// upload, which this makes.
absl::StatusOr<std::string> ResolveInput(Session& session, const Arguments& arguments, const std::string& file);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_INPUT_H_

// What a command of `spool` is.

#ifndef SPOOL_CLIENT_CLI_COMMAND_H_
#define SPOOL_CLIENT_CLI_COMMAND_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/arguments.h"
#include "client/cli/session.h"

namespace spool::cli {

// What the process ends with.
enum class ExitCode {
  kOk = 0,
  // The job failed or was cancelled, or a call did.
  kFailed = 1,
  // The command line makes no sense.
  kUsage = 2,
};

struct Command {
  // One word, or two of which the first is that of several commands, such as "notify test".
  std::string name;
  // Names of its positionals, all required, such as {"FILE"}.
  std::vector<std::string> positionals;
  // All that a positional can be, where that is known, for completion.
  std::vector<std::string> values;
  // The flags worth a place in the synopsis, as written there.
  std::string synopsis;
  // What it does, in one line without a full stop.
  std::string summary;
  // Paragraphs, separated by empty lines.
  std::string description;
  std::vector<Flag> flags;
  // Command lines, one each.
  std::vector<std::string> examples;
  // Errors are told to the user by the caller; see IsUsageError.
  std::function<absl::StatusOr<ExitCode>(Session& session, const Arguments& arguments)> run;
};

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_COMMAND_H_

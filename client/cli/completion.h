// Completion of command lines by a shell.

#ifndef SPOOL_CLIENT_CLI_COMPLETION_H_
#define SPOOL_CLIENT_CLI_COMPLETION_H_

#include <string>

#include "absl/types/span.h"
#include "client/cli/arguments.h"
#include "client/cli/command.h"

namespace spool::cli {

// A script for bash 4.3 or newer that completes the program `spool`. It is made from the tables by which command lines
// are parsed, so it knows what they know. Names of jobs and presets it asks of the server (`spool completion jobs`).
std::string BashCompletion(absl::Span<const Command> commands, absl::Span<const Flag> global_flags);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_COMPLETION_H_

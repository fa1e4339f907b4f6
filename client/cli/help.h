// Help, in the form of a short manual page.

#ifndef SPOOL_CLIENT_CLI_HELP_H_
#define SPOOL_CLIENT_CLI_HELP_H_

#include <string>

#include "absl/types/span.h"
#include "client/cli/arguments.h"
#include "client/cli/command.h"

namespace spool::cli {

// `spool --help`.
std::string GeneralHelp(absl::Span<const Command> commands, absl::Span<const Flag> global_flags);

// `spool COMMAND --help`.
std::string CommandHelp(const Command& command, absl::Span<const Flag> global_flags);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_HELP_H_

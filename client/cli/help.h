// Help, in the form of manual pages.

#ifndef SPOOL_CLIENT_CLI_HELP_H_
#define SPOOL_CLIENT_CLI_HELP_H_

#include <string>

#include "absl/types/span.h"
#include "client/cli/arguments.h"
#include "client/cli/command.h"
#include "server/base/manual_page.h"

namespace spool::cli {

// `spool --help`.
ManualPage GeneralHelp(absl::Span<const Command> commands, absl::Span<const Flag> global_flags);

// `spool COMMAND --help`.
ManualPage CommandHelp(const Command& command, absl::Span<const Flag> global_flags);

// All of it in one page: spool(1).
ManualPage SpoolManual(absl::Span<const Command> commands, absl::Span<const Flag> global_flags);

// `spool --version`.
std::string VersionLine();

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_HELP_H_

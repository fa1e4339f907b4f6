// The program `spool`, apart from its process.

#ifndef SPOOL_CLIENT_CLI_SPOOL_H_
#define SPOOL_CLIENT_CLI_SPOOL_H_

#include <string>

#include "absl/types/span.h"
#include "client/cli/command.h"
#include "client/cli/environment.h"

namespace spool::cli {

// Runs the command line `words`, without the program's name. Blocks until the command is done.
ExitCode RunSpool(absl::Span<const std::string> words, const Environment& environment);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_SPOOL_H_

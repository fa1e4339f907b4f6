// spool: client of the Spool media job queue. `spool --help` tells the rest.

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "client/cli/environment.h"
#include "client/cli/spool.h"
#include "client/cli/text.h"
#include "server/base/clock.h"
#include "server/base/ulid.h"
#include "server/base/variables.h"

namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool IsCapableTerminal(int fd) {
  const std::string kind = Variable("TERM");
  return ::isatty(fd) == 1 && !kind.empty() && kind != "dumb";
}

spool::cli::TerminalSize SizeOfTerminal() {
  struct winsize size;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {.columns = size.ws_col, .rows = size.ws_row};
}

}  // namespace

int main(int argc, char** argv) {
  spool::UlidSource ids;
  spool::cli::Environment environment;
  environment.out = &std::cout;
  environment.err = &std::cerr;
  environment.out_is_terminal = IsCapableTerminal(STDOUT_FILENO);
  environment.terminal_size = SizeOfTerminal;
  environment.variable = Variable;
  environment.zone = absl::LocalTimeZone();
  environment.new_request_id = [&ids] { return ids.Next(spool::Clock::Real()->Now()); };

  if (const std::string stray = spool::DescribeStrayVariables(environ); !stray.empty()) {
    std::cerr << "spool: warning: the environment has variables that mean nothing to Spool: "
              << spool::cli::Escaped(stray) << "\n";
  }
  const std::vector<std::string> words(argv + 1, argv + argc);
  const spool::cli::ExitCode exit = spool::cli::RunSpool(words, environment);
  std::cout.flush();
  if (!std::cout) {
    std::cerr << "spool: cannot write to standard output\n";
    return static_cast<int>(spool::cli::ExitCode::kFailed);
  }
  return static_cast<int>(exit);
}

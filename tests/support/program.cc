#include "tests/support/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "server/base/posix_error.h"
#include "server/base/status_macros.h"

namespace spool::testing {
namespace {

// The array that exec wants; points into `strings`.
std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  return pointers;
}

Exit ExitOf(int state) {
  Exit exit;
  if (WIFSIGNALED(state)) exit.signal = WTERMSIG(state);
  if (WIFEXITED(state)) exit.code = WEXITSTATUS(state);
  return exit;
}

}  // namespace

absl::StatusOr<Program> StartProgram(const std::vector<std::string>& arguments,
                                     const std::vector<std::string>& environment) {
  int out[2], error[2];
  if (pipe2(out, O_CLOEXEC) != 0) return PosixError(errno, "pipe");
  Program program;
  program.out.reset(out[0]);
  const UniqueFd out_end(out[1]);
  if (pipe2(error, O_CLOEXEC) != 0) return PosixError(errno, "pipe");
  program.error.reset(error[0]);
  const UniqueFd error_end(error[1]);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const auto free_actions = absl::MakeCleanup([&] { posix_spawn_file_actions_destroy(&actions); });
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, error_end.get(), STDERR_FILENO);

  std::vector<char*> argv = Pointers(arguments);
  argv.push_back(nullptr);
  std::vector<char*> variables = Pointers(environment);
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  variables.push_back(nullptr);
  const int failed = posix_spawnp(&program.pid, argv[0], &actions, nullptr, argv.data(), variables.data());
  if (failed != 0) return PosixError(failed, absl::StrCat("run ", arguments[0]));
  return program;
}

absl::StatusOr<Exit> RunProgram(const std::vector<std::string>& arguments,
                                const std::vector<std::string>& environment) {
  SPOOL_ASSIGN_OR_RETURN(Program program, StartProgram(arguments, environment));
  std::array<std::string, 2> texts;
  std::array<pollfd, 2> ends = {pollfd{program.out.get(), POLLIN, 0}, pollfd{program.error.get(), POLLIN, 0}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    if (poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) return PosixError(errno, "poll");
    for (size_t i = 0; i < ends.size(); ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      char buffer[4096];
      const ssize_t size = read(ends[i].fd, buffer, sizeof(buffer));
      if (size > 0) texts[i].append(buffer, static_cast<size_t>(size));
      if (size == 0) ends[i].fd = -1;
    }
  }
  int state = 0;
  if (waitpid(program.pid, &state, 0) < 0) return PosixError(errno, "waitpid");
  Exit exit = ExitOf(state);
  exit.out = std::move(texts[0]);
  exit.error = std::move(texts[1]);
  return exit;
}

absl::StatusOr<Exit> WaitForEnd(pid_t pid, absl::Duration longest) {
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid()) return PosixError(errno, absl::StrCat("pidfd_open ", pid));
  pollfd gone = {pidfd.get(), POLLIN, 0};
  if (poll(&gone, 1, static_cast<int>(absl::ToInt64Milliseconds(longest))) == 0) {
    return absl::DeadlineExceededError(
        absl::StrCat("process ", pid, " has not ended within ", absl::FormatDuration(longest)));
  }
  int state = 0;
  if (waitpid(pid, &state, 0) < 0) return PosixError(errno, "waitpid");
  return ExitOf(state);
}

}  // namespace spool::testing

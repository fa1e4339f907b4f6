// Other programs, run to their end.

#ifndef SPOOL_TESTS_SUPPORT_PROGRAM_H_
#define SPOOL_TESTS_SUPPORT_PROGRAM_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/unique_fd.h"

namespace spool::testing {

// How a program ended.
struct Exit {
  int code = 0;
  int signal = 0;  // 0: it exited
  std::string out;
  std::string error;
};

// A started program with its outputs.
struct Program {
  pid_t pid = -1;
  UniqueFd out;
  UniqueFd error;
};

// `arguments[0]` is looked for in PATH unless it has a slash. `environment` is "NAME=value", beside our own.
absl::StatusOr<Program> StartProgram(const std::vector<std::string>& arguments,
                                     const std::vector<std::string>& environment = {});

// The same, to its end. Its outputs may be of any length.
absl::StatusOr<Exit> RunProgram(const std::vector<std::string>& arguments,
                                const std::vector<std::string>& environment = {});

// Waits until a child of ours is gone, and reaps it. DeadlineExceeded: it is still there.
absl::StatusOr<Exit> WaitForEnd(pid_t pid, absl::Duration longest);

}  // namespace spool::testing

#endif  // SPOOL_TESTS_SUPPORT_PROGRAM_H_

#include "server/app/version_text.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/app/worker_program.h"
#include "server/base/posix_error.h"
#include "server/base/status_macros.h"
#include "server/base/unique_fd.h"
#include "server/base/version.h"
#include "server/rpc/server.h"
#include "server/sqlite/database.h"

namespace spool::app {
namespace {

// What `program --version` writes.
absl::StatusOr<std::string> AskVersion(std::string program) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return PosixError(errno, "pipe");
  const UniqueFd out(ends[0]);
  UniqueFd out_end(ends[1]);
  std::string argument = "--version";
  char* const arguments[] = {program.data(), argument.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out_end.get(), STDOUT_FILENO);
  pid_t pid = -1;
  const int failed = posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return PosixError(failed, program);
  out_end.reset();
  std::string text;
  char buffer[512];
  for (ssize_t size = 0; (size = read(out.get(), buffer, sizeof(buffer))) > 0;) text.append(buffer, size);
  int state = 0;
  if (waitpid(pid, &state, 0) < 0) return PosixError(errno, "waitpid");
  if (state != 0) return absl::UnknownError(absl::StrCat(program, " failed"));
  return text;
}

std::string FfmpegVersion() {
  const std::string worker = WorkerProgram();
  const absl::StatusOr<std::string> text = AskVersion(worker);
  if (!text.ok()) return absl::StrCat("unknown: ", text.status().message());
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    if (absl::ConsumePrefix(&line, "FFmpeg ")) return std::string(line);
  }
  return absl::StrCat("unknown: ", worker, " does not say");
}

}  // namespace

std::string VersionText() {
  return absl::StrCat("spoold ", kVersion, "\ngRPC ", rpc::GrpcVersion(), "\nSQLite ", sqlite::LibraryVersion(),
                      "\nFFmpeg ", FfmpegVersion(), "\n");
}

}  // namespace spool::app

#include "server/app/worker_program.h"

#include <filesystem>
#include <system_error>

#include "absl/flags/flag.h"
#include "server/app/flags.h"

namespace spool::app {

std::string FindWorker(absl::string_view folder) {
  const std::filesystem::path here = std::string(folder);
  std::error_code error;
  for (const char* place : {"spool-worker", "worker/spool-worker", "../lib/spool/spool-worker"}) {
    const std::filesystem::path program = (here / place).lexically_normal();
    if (std::filesystem::exists(program, error)) return program;
  }
  return here / "spool-worker";
}

std::string WorkerProgram() {
  if (const std::string given = absl::GetFlag(FLAGS_worker); !given.empty()) return given;
  std::error_code error;
  return FindWorker(std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string());
}

}  // namespace spool::app

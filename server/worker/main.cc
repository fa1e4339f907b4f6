// spool-worker: the zygote. Started by spoold with the control socket as descriptor 3; of no use to people.

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <string>
#include <utility>

#include "absl/base/internal/sysinfo.h"
#include "absl/status/statusor.h"
#include "server/base/log.h"
#include "server/base/posix_error.h"
#include "server/base/unique_fd.h"
#include "server/base/version.h"
#include "server/worker/crash.h"
#include "server/worker/faults.h"
#include "server/worker/media_libraries.h"
#include "server/worker/sandbox.h"
#include "server/worker/sha256.h"
#include "server/worker/zygote.h"

namespace {

constexpr int kControlFd = 3;

// A child lives for one job: what it has taken from the kernel it may keep. Left to itself, glibc asks the kernel for a
// few pages at a time, gives frames back at once, and reads files in /proc and /sys to decide on it, which the sandbox
// refuses.
void TellAllocatorToKeep() {
  mallopt(M_TOP_PAD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
  // The most that glibc takes; above, each block is a mapping of its own.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_ARENA_MAX, 16);
}

absl::Status Run(const char* program, spool::worker::Faults faults) {
  TellAllocatorToKeep();
  // Ctrl-C goes to the whole process group; it is spoold that decides when workers end.
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  // Both become errors of the write that met them.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  clearenv();
  // Abseil's locks ask for it once, when they are first contended, which would be in the sandbox.
  absl::base_internal::NumCPUs();
  if (fcntl(kControlFd, F_SETFD, FD_CLOEXEC) != 0) return spool::PosixError(errno, "descriptor 3 is no control socket");
  spool::UniqueFd null_device(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null_device.valid()) return spool::PosixError(errno, "open /dev/null");

  spool::worker::PrepareForCrashes(program);
  spool::worker::PrepareSha256();
  spool::worker::WarmUpMediaLibraries();
  absl::StatusOr<spool::worker::Sandbox> sandbox = spool::worker::Sandbox::Create();
  if (!sandbox.ok()) return sandbox.status();
  for (const std::string& layer : sandbox->missing()) {
    spool::LogWarning("worker sandbox is weaker than it should be", {{"missing", layer}});
  }
  return spool::worker::Zygote(spool::UniqueFd(kControlFd), std::move(null_device), *std::move(sandbox), faults)
      .Serve();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "--version") == 0) {
    printf("spool-worker %s\nFFmpeg %s\n", spool::kVersion, spool::worker::MediaLibrariesVersion().c_str());
    return 0;
  }
  const bool with_faults = argc == 2 && strcmp(argv[1], "--test_faults") == 0;
  const absl::Status status = Run(argv[0], with_faults ? spool::worker::Faults::kOn : spool::worker::Faults::kOff);
  if (status.ok()) return 0;
  spool::LogError("worker zygote ends", {{"error", status.ToString()}});
  return 1;
}

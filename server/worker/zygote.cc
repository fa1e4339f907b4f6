#include "server/worker/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "server/base/posix_error.h"
#include "server/base/status_macros.h"
#include "server/worker/child.h"
#include "server/worker/crash.h"
#include "server/worker/media_libraries.h"
#include "server/worker/protocol/packet.h"

namespace spool::worker {
namespace {

// The descriptors of a Spawn, in the order in which they come.
enum SpawnFd { kSpawnSocket, kSpawnInput, kSpawnFirstOutput };

ResourceLimits LimitsOf(const ZygoteRequest::Spawn& spawn) {
  ResourceLimits limits;
  limits.max_output_bytes = spawn.max_output_bytes();
  limits.max_cpu_seconds = spawn.max_cpu_seconds();
  limits.max_memory_bytes = spawn.max_memory_bytes();
  return limits;
}

int64_t Micros(const timeval& time) { return int64_t{time.tv_sec} * 1000000 + time.tv_usec; }

// When memory runs out, within a limit of the service or of the machine, the kernel ends the largest process, which may
// be the server that has many small children; what a child has is one attempt of one job. Half of all memory, in the
// kernel's count, is added to it (proc(5), oom_score_adj). Where that is refused, it is as it was.
void LetTheKernelTakeFirst(pid_t pid) {
  const UniqueFd file(open(("/proc/" + std::to_string(pid) + "/oom_score_adj").c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid() || write(file.get(), "500", 3) != 3) return;
}

}  // namespace

Zygote::Zygote(UniqueFd control, UniqueFd null_device, Sandbox sandbox, Faults faults)
    : control_(std::move(control)),
      null_device_(std::move(null_device)),
      sandbox_(std::move(sandbox)),
      faults_(faults) {}

absl::Status Zygote::Serve() {
  ZygoteReply ready;
  ready.mutable_ready()->set_ffmpeg_version(MediaLibrariesVersion());
  SPOOL_RETURN_IF_ERROR(SendPacket(control_.get(), ready));
  for (;;) {
    std::vector<pollfd> events = {{control_.get(), POLLIN, 0}};
    for (const Child& child : children_) events.push_back({child.pidfd.get(), POLLIN, 0});
    if (poll(events.data(), events.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return PosixError(errno, "poll");
    }
    // From the back, so that the places of those in front stay true.
    for (size_t i = children_.size(); i-- > 0;) {
      if (events[i + 1].revents == 0) continue;
      SPOOL_ASSIGN_OR_RETURN(const ZygoteReply exited, Reap(children_[i]));
      // Before spoold hears of it, so that whoever counts this process's descriptors then counts right.
      children_.erase(children_.begin() + i);
      SPOOL_RETURN_IF_ERROR(SendPacket(control_.get(), exited));
    }
    if (events[0].revents == 0) continue;
    const absl::Status status = HandleRequest();
    if (absl::IsOutOfRange(status) || absl::IsUnavailable(status)) return absl::OkStatus();
    SPOOL_RETURN_IF_ERROR(status);
  }
}

absl::Status Zygote::HandleRequest() {
  ZygoteRequest request;
  std::vector<UniqueFd> fds;
  SPOOL_RETURN_IF_ERROR(ReceivePacket(control_.get(), request, &fds));
  if (!request.has_spawn()) return absl::OkStatus();
  return Spawn(request.spawn(), std::move(fds));
}

absl::Status Zygote::Spawn(const ZygoteRequest::Spawn& spawn, std::vector<UniqueFd> fds) {
  int error_number = EINVAL;
  if (spawn.outputs() >= 0 && fds.size() == kSpawnFirstOutput + static_cast<size_t>(spawn.outputs())) {
    const absl::Status status = Fork(spawn, std::move(fds));
    if (status.ok() || absl::IsUnavailable(status)) return status;
    error_number = EAGAIN;
  }
  ZygoteReply failed;
  failed.mutable_spawn_failed()->set_id(spawn.id());
  failed.mutable_spawn_failed()->set_error_number(error_number);
  return SendPacket(control_.get(), failed);
}

absl::Status Zygote::Fork(const ZygoteRequest::Spawn& spawn, std::vector<UniqueFd> fds) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return PosixError(errno, "pipe");
  UniqueFd crash_reader(ends[0]), crash_writer(ends[1]);
  const pid_t zygote = getpid();
  const pid_t pid = fork();
  if (pid < 0) return PosixError(errno, "fork");
  if (pid == 0) BecomeChild(spawn, std::move(fds), std::move(crash_writer), zygote);

  // Not reaped yet, so the pid is this child's and no one else's.
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid()) {
    const int reason = errno;
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return PosixError(reason, "pidfd_open");
  }
  LetTheKernelTakeFirst(pid);
  ZygoteReply reply;
  reply.mutable_spawned()->set_id(spawn.id());
  reply.mutable_spawned()->set_pid(pid);
  SPOOL_RETURN_IF_ERROR(SendPacket(control_.get(), reply, {pidfd.get()}));
  children_.push_back({spawn.id(), pid, std::move(pidfd), std::move(crash_reader)});
  return absl::OkStatus();
}

void Zygote::BecomeChild(const ZygoteRequest::Spawn& spawn, std::vector<UniqueFd> fds, UniqueFd crash, pid_t zygote) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // It may have died before that.
  if (getppid() != zygote) _exit(1);
  prctl(PR_SET_NAME, "spool-child");
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);

  // First out of the way of the places where they shall be.
  constexpr int kOutOfTheWay = 64;
  auto move_up = [](UniqueFd& fd) { fd.reset(fcntl(fd.get(), F_DUPFD, kOutOfTheWay)); };
  for (UniqueFd& fd : fds) move_up(fd);
  move_up(crash);
  const int null_device = fcntl(null_device_.get(), F_DUPFD, kOutOfTheWay);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null_device, standard);
  dup2(fds[kSpawnSocket].get(), kJobSocketFd);
  dup2(fds[kSpawnInput].get(), kInputFd);
  dup2(crash.get(), kCrashFd);
  for (int i = 0; i < spawn.outputs(); ++i) dup2(fds[kSpawnFirstOutput + i].get(), kFirstOutputFd + i);
  // The control socket is among the rest. The owners in `fds` never run their destructors: RunChild does not return.
  close_range(kFirstOutputFd + spawn.outputs(), ~0u, 0);
  RunChild(sandbox_, LimitsOf(spawn), faults_);
}

absl::StatusOr<ZygoteReply> Zygote::Reap(const Child& child) {
  int status = 0;
  rusage usage = {};
  pid_t reaped;
  do {
    reaped = wait4(child.pid, &status, 0, &usage);
  } while (reaped < 0 && errno == EINTR);
  if (reaped < 0) return PosixError(errno, "wait4");
  ZygoteReply reply;
  ZygoteReply::Exited& exited = *reply.mutable_exited();
  exited.set_id(child.id);
  exited.set_pid(child.pid);
  if (WIFSIGNALED(status)) {
    exited.set_signal(WTERMSIG(status));
  } else {
    exited.set_exit_code(WEXITSTATUS(status));
  }
  // Kilobytes on Linux.
  exited.set_max_rss_bytes(int64_t{usage.ru_maxrss} * 1024);
  exited.set_cpu_micros(Micros(usage.ru_utime) + Micros(usage.ru_stime));
  exited.set_stack(ReadCrash(child.crash.get()));
  return reply;
}

}  // namespace spool::worker

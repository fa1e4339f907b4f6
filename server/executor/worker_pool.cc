#include "server/executor/worker_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/mutex.h"
#include "server/base/posix_error.h"
#include "server/base/status_macros.h"
#include "server/worker/protocol/packet.h"

namespace spool::executor {
namespace {

// Loading 167 shared objects takes some 40 ms on an idle machine; a loaded one may need far longer.
constexpr absl::Duration kReadyTimeout = absl::Seconds(30);
constexpr absl::Duration kRestartDelay = absl::Milliseconds(200);
constexpr int kZygoteControlFd = 3;

}  // namespace

// What the listener tells about one child.
class WorkerProcess::State {
 public:
  void SetSpawned(pid_t pid, UniqueFd pidfd) {
    MutexLock lock(&mu_);
    pid_ = pid;
    pidfd_ = std::move(pidfd);
    answered_ = true;
  }
  void SetFailed(int error_number) {
    MutexLock lock(&mu_);
    error_number_ = error_number;
    answered_ = true;
  }
  void SetExited(WorkerExit exit) {
    MutexLock lock(&mu_);
    if (!exit_.has_value()) exit_ = std::move(exit);
    answered_ = true;
  }
  // The pidfd and pid; or why there is no child.
  absl::StatusOr<std::pair<UniqueFd, pid_t>> WaitSpawned() {
    MutexLock lock(&mu_);
    mu_.Await(Condition(&answered_));
    if (error_number_ != 0) return PosixError(error_number_, "fork a worker");
    if (!pidfd_.valid()) return absl::UnavailableError("the worker's zygote died");
    return std::make_pair(std::move(pidfd_), pid_);
  }
  WorkerExit WaitExited() {
    MutexLock lock(&mu_);
    const auto exited = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return exit_.has_value(); };
    mu_.Await(Condition(&exited));
    return *exit_;
  }

 private:
  Mutex mu_;
  bool answered_ ABSL_GUARDED_BY(mu_) = false;
  int error_number_ ABSL_GUARDED_BY(mu_) = 0;
  pid_t pid_ ABSL_GUARDED_BY(mu_) = -1;
  UniqueFd pidfd_ ABSL_GUARDED_BY(mu_);
  std::optional<WorkerExit> exit_ ABSL_GUARDED_BY(mu_);
};

WorkerProcess::~WorkerProcess() {
  Kill();
  WaitForExit();
}

void WorkerProcess::Kill() { syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0); }

WorkerExit WorkerProcess::WaitForExit() {
  WorkerExit exit = state_->WaitExited();
  if (exit.lost) {
    // Its zygote's death kills it; the descriptor shows when that has happened.
    pollfd gone = {pidfd_.get(), POLLIN, 0};
    poll(&gone, 1, 5000);
  }
  return exit;
}

absl::StatusOr<std::unique_ptr<WorkerPool>> WorkerPool::Start(const std::string& program) {
  if (access(program.c_str(), X_OK) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("the worker program cannot be run: ", PosixError(errno, program).message()));
  }
  std::unique_ptr<WorkerPool> pool(new WorkerPool(program));
  SPOOL_RETURN_IF_ERROR(pool->StartZygote());
  pool->listener_ = std::thread([raw = pool.get()] { raw->Listen(); });
  MutexLock lock(&pool->mu_);
  if (!pool->mu_.AwaitWithTimeout(Condition(&pool->ready_), kReadyTimeout)) {
    return absl::FailedPreconditionError(
        absl::StrCat("the worker program ", program, " does not say that it is ready"));
  }
  return pool;
}

WorkerPool::~WorkerPool() {
  pid_t zygote;
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    zygote = zygote_;
    if (control_ != nullptr) shutdown(control_->get(), SHUT_RDWR);
  }
  if (listener_.joinable()) listener_.join();
  if (zygote > 0) {
    kill(zygote, SIGKILL);
    waitpid(zygote, nullptr, 0);
  }
}

absl::Status WorkerPool::StartZygote() {
  SPOOL_ASSIGN_OR_RETURN(auto ends, worker::MakePacketSocketPair());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const auto free_actions = absl::MakeCleanup([&] { posix_spawn_file_actions_destroy(&actions); });
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_RDWR, 0);
  // dup2 onto the same number would keep close-on-exec; glibc's spawn handles that case by clearing it.
  posix_spawn_file_actions_adddup2(&actions, ends.second.get(), kZygoteControlFd);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  const auto free_attributes = absl::MakeCleanup([&] { posix_spawnattr_destroy(&attributes); });
  // A group of its own: Ctrl-C in a terminal reaches spoold, which decides what becomes of running jobs.
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  char* const argv[] = {const_cast<char*>(program_.c_str()), nullptr};
  char* const environment[] = {nullptr};
  pid_t pid;
  const int error = posix_spawn(&pid, program_.c_str(), &actions, &attributes, argv, environment);
  if (error != 0) return PosixError(error, absl::StrCat("run ", program_));
  MutexLock lock(&mu_);
  control_ = std::make_shared<UniqueFd>(std::move(ends.first));
  zygote_ = pid;
  ready_ = false;
  return absl::OkStatus();
}

void WorkerPool::Listen() {
  for (;;) {
    std::shared_ptr<UniqueFd> control;
    {
      MutexLock lock(&mu_);
      control = control_;
    }
    for (;;) {
      worker::ZygoteReply reply;
      std::vector<UniqueFd> fds;
      const absl::Status status = worker::ReceivePacket(control->get(), reply, &fds);
      if (!status.ok()) break;
      TakeReply(reply, std::move(fds));
    }
    LoseAll();
    MutexLock lock(&mu_);
    if (stopping_) return;
    int state = 0;
    kill(zygote_, SIGKILL);
    waitpid(zygote_, &state, 0);
    LogWarning("the worker zygote died; starting another", {{"signal", WIFSIGNALED(state) ? WTERMSIG(state) : 0},
                                                            {"exit_code", WIFEXITED(state) ? WEXITSTATUS(state) : 0}});
    zygote_ = -1;
    control_ = nullptr;
    while (control_ == nullptr && !stopping_) {
      mu_.AwaitWithTimeout(Condition(&stopping_), kRestartDelay);
      mu_.Unlock();
      const absl::Status started = StartZygote();
      mu_.Lock();
      if (!started.ok()) LogError("the worker zygote cannot be started", {{"error", started.message()}});
    }
    if (stopping_) return;
  }
}

void WorkerPool::TakeReply(const worker::ZygoteReply& reply, std::vector<UniqueFd> fds) {
  MutexLock lock(&mu_);
  const auto state_of = [this](uint64_t id) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const auto child = children_.find(id);
    return child == children_.end() ? nullptr : child->second;
  };
  switch (reply.reply_case()) {
    case worker::ZygoteReply::kReady:
      ready_ = true;
      ffmpeg_version_ = reply.ready().ffmpeg_version();
      return;
    case worker::ZygoteReply::kSpawned:
      if (auto child = state_of(reply.spawned().id()); child != nullptr && !fds.empty()) {
        child->SetSpawned(reply.spawned().pid(), std::move(fds[0]));
      }
      return;
    case worker::ZygoteReply::kSpawnFailed:
      if (auto child = state_of(reply.spawn_failed().id()); child != nullptr) {
        child->SetFailed(reply.spawn_failed().error_number() != 0 ? reply.spawn_failed().error_number() : EIO);
        children_.erase(reply.spawn_failed().id());
      }
      return;
    case worker::ZygoteReply::kExited:
      if (auto child = state_of(reply.exited().id()); child != nullptr) {
        child->SetExited({false, reply.exited().exit_code(), reply.exited().signal(), reply.exited().stack()});
        children_.erase(reply.exited().id());
      }
      return;
    case worker::ZygoteReply::REPLY_NOT_SET:
      return;
  }
}

void WorkerPool::LoseAll() {
  MutexLock lock(&mu_);
  for (auto& [id, child] : children_) child->SetExited({.lost = true});
  children_.clear();
  ready_ = false;
}

absl::StatusOr<std::unique_ptr<WorkerProcess>> WorkerPool::Spawn(int input, const std::vector<int>& outputs,
                                                                 const WorkerLimits& limits) {
  SPOOL_ASSIGN_OR_RETURN(auto ends, worker::MakePacketSocketPair());
  auto state = std::make_shared<WorkerProcess::State>();
  worker::ZygoteRequest request;
  request.mutable_spawn()->set_outputs(static_cast<int>(outputs.size()));
  request.mutable_spawn()->set_max_output_bytes(limits.max_output_bytes);
  request.mutable_spawn()->set_max_cpu_seconds(limits.max_cpu_seconds);
  request.mutable_spawn()->set_max_memory_bytes(limits.max_memory_bytes);
  std::vector<int> fds = {ends.second.get(), input};
  fds.insert(fds.end(), outputs.begin(), outputs.end());
  std::shared_ptr<UniqueFd> control;
  {
    MutexLock lock(&mu_);
    if (!ready_) return absl::UnavailableError("the worker's zygote is being started");
    control = control_;
    request.mutable_spawn()->set_id(next_id_++);
    children_[request.spawn().id()] = state;
  }
  if (absl::Status status = worker::SendPacket(control->get(), request, fds); !status.ok()) {
    MutexLock lock(&mu_);
    children_.erase(request.spawn().id());
    return status;
  }
  SPOOL_ASSIGN_OR_RETURN(auto spawned, state->WaitSpawned());
  return std::unique_ptr<WorkerProcess>(
      new WorkerProcess(std::move(state), std::move(ends.first), std::move(spawned.first), spawned.second));
}

std::string WorkerPool::ffmpeg_version() const {
  MutexLock lock(&mu_);
  return ffmpeg_version_;
}

}  // namespace spool::executor

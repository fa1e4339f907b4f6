#include "server/worker/worker_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "server/base/posix_error.h"
#include "server/base/status_macros.h"
#include "server/worker/protocol/packet.h"

namespace spool::worker {
namespace {

constexpr int kControlFd = 3;

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerHarness>> WorkerHarness::Start(const std::string& binary,
                                                                    const std::vector<std::string>& arguments) {
  std::unique_ptr<WorkerHarness> harness(new WorkerHarness);
  SPOOL_ASSIGN_OR_RETURN(auto sockets, MakePacketSocketPair());
  harness->control_ = std::move(sockets.first);
  std::vector<char*> argv = {const_cast<char*>(binary.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  harness->zygote_ = fork();
  if (harness->zygote_ < 0) return PosixError(errno, "fork");
  if (harness->zygote_ == 0) {
    // A socket that is number 3 already would keep its close-on-exec flag through dup2.
    const int high = fcntl(sockets.second.get(), F_DUPFD, 64);
    dup2(high, kControlFd);
    close_range(kControlFd + 1, ~0u, 0);
    execv(binary.c_str(), argv.data());
    _exit(127);
  }
  sockets.second.reset();
  ZygoteReply reply;
  SPOOL_RETURN_IF_ERROR(ReceivePacket(harness->control_.get(), reply));
  if (!reply.has_ready()) return absl::InternalError("the zygote's first word was not Ready");
  return harness;
}

WorkerHarness::~WorkerHarness() {
  if (zygote_ > 0) Stop();
}

int WorkerHarness::Stop() {
  control_.reset();
  int status = 0;
  waitpid(zygote_, &status, 0);
  zygote_ = -1;
  return status;
}

absl::StatusOr<WorkerHarness::Outcome> WorkerHarness::Run(const Order& order, const ZygoteRequest::Spawn& spawn,
                                                          int input, const std::vector<int>& outputs,
                                                          absl::Duration limit) {
  SPOOL_ASSIGN_OR_RETURN(auto sockets, MakePacketSocketPair());
  const auto begin = std::chrono::steady_clock::now();
  ZygoteRequest request;
  *request.mutable_spawn() = spawn;
  request.mutable_spawn()->set_id(next_id_++);
  request.mutable_spawn()->set_outputs(static_cast<int>(outputs.size()));
  std::vector<int> fds = {sockets.second.get(), input};
  fds.insert(fds.end(), outputs.begin(), outputs.end());
  SPOOL_RETURN_IF_ERROR(SendPacket(control_.get(), request, fds));
  sockets.second.reset();
  ZygoteReply reply;
  std::vector<UniqueFd> received;
  SPOOL_RETURN_IF_ERROR(ReceivePacket(control_.get(), reply, &received));
  if (!reply.has_spawned() || received.size() != 1) return absl::InternalError(reply.ShortDebugString());
  SPOOL_RETURN_IF_ERROR(SendPacket(sockets.first.get(), order));

  Outcome outcome;
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(limit);
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd event = {sockets.first.get(), POLLIN, 0};
    if (left <= 0 || poll(&event, 1, static_cast<int>(left)) == 0) {
      syscall(SYS_pidfd_send_signal, received[0].get(), SIGKILL, nullptr, 0);
      break;
    }
    Report report;
    const absl::Status status = ReceivePacket(sockets.first.get(), report);
    if (absl::IsOutOfRange(status)) break;
    SPOOL_RETURN_IF_ERROR(status);
    if (outcome.reports.empty()) outcome.heard_after = absl::FromChrono(std::chrono::steady_clock::now() - begin);
    outcome.reports.push_back(std::move(report));
  }
  SPOOL_RETURN_IF_ERROR(ReceivePacket(control_.get(), reply));
  if (!reply.has_exited()) return absl::InternalError(reply.ShortDebugString());
  outcome.exited = reply.exited();
  return outcome;
}

}  // namespace spool::worker

// Worker processes: one zygote with the media libraries loaded, which forks a child for each attempt.

#ifndef SPOOL_SERVER_EXECUTOR_WORKER_POOL_H_
#define SPOOL_SERVER_EXECUTOR_WORKER_POOL_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/base/unique_fd.h"
#include "server/worker/protocol/worker.pb.h"

namespace spool::executor {

// How a child ended.
struct WorkerExit {
  // The zygote died and took the child with it: nothing else is known.
  bool lost = false;
  int exit_code = 0;
  int signal = 0;  // 0: it exited
  std::string stack;
};

// One child. Killed when destroyed, and gone when that returns.
class WorkerProcess {
 public:
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // Our end of its job socket.
  int socket() const { return socket_.get(); }
  pid_t pid() const { return pid_; }
  // SIGKILL: the only signal that a decoder's loop cannot ignore.
  void Kill();
  // Waits until it is reaped. Kill first unless it was told to end.
  WorkerExit WaitForExit();

 private:
  friend class WorkerPool;
  class State;
  WorkerProcess(std::shared_ptr<State> state, UniqueFd socket, UniqueFd pidfd, pid_t pid)
      : state_(std::move(state)), socket_(std::move(socket)), pidfd_(std::move(pidfd)), pid_(pid) {}

  const std::shared_ptr<State> state_;
  UniqueFd socket_;
  UniqueFd pidfd_;  // a pid may be reused, this cannot
  const pid_t pid_;
};

// What a child may use; the kernel enforces it.
struct WorkerLimits {
  int64_t max_output_bytes = 0;
  int64_t max_cpu_seconds = 0;
  int64_t max_memory_bytes = 0;
};

// Starts the zygote and, should it die, starts it again. Thread-safe.
class WorkerPool {
 public:
  // `program` is the spool-worker binary. Waits until the zygote is ready. FailedPrecondition: it cannot be run.
  static absl::StatusOr<std::unique_ptr<WorkerPool>> Start(const std::string& program);
  // Ends the zygote; children die with it.
  ~WorkerPool();

  // Forks a child that has `input` and `outputs` (at 0 and empty, at most 16) and nothing else. Unavailable: there is
  // no zygote just now; ResourceExhausted: no processes or descriptors.
  absl::StatusOr<std::unique_ptr<WorkerProcess>> Spawn(int input, const std::vector<int>& outputs,
                                                       const WorkerLimits& limits);

  std::string ffmpeg_version() const;

 private:
  explicit WorkerPool(std::string program) : program_(std::move(program)) {}
  absl::Status StartZygote();
  // Takes replies until the zygote is gone, then starts another, until stopped.
  void Listen();
  void TakeReply(const worker::ZygoteReply& reply, std::vector<UniqueFd> fds);
  void LoseAll();

  const std::string program_;
  std::thread listener_;

  mutable Mutex mu_;
  std::shared_ptr<UniqueFd> control_ ABSL_GUARDED_BY(mu_);
  pid_t zygote_ ABSL_GUARDED_BY(mu_) = -1;
  bool ready_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  std::string ffmpeg_version_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<uint64_t, std::shared_ptr<WorkerProcess::State>> children_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spool::executor

#endif  // SPOOL_SERVER_EXECUTOR_WORKER_POOL_H_

// The small process that the workers are copies of.
//
// It is started once, loads the media libraries (which takes longer than many a job), and forks a child for each Spawn.
// It never reads media and never has a second thread, so a fork copies little and nothing that is locked. When spoold
// closes the control socket, by intent or by dying, the zygote exits and the kernel kills its children.

#ifndef SPOOL_SERVER_WORKER_ZYGOTE_H_
#define SPOOL_SERVER_WORKER_ZYGOTE_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/unique_fd.h"
#include "server/worker/faults.h"
#include "server/worker/protocol/worker.pb.h"
#include "server/worker/sandbox.h"

namespace spool::worker {

class Zygote {
 public:
  // `control` is the zygote's end of the control socket; `null_device` becomes the children's stdin, stdout and stderr.
  Zygote(UniqueFd control, UniqueFd null_device, Sandbox sandbox, Faults faults);

  // Says Ready and serves until the control socket closes.
  absl::Status Serve();

 private:
  struct Child {
    uint64_t id;
    pid_t pid;
    // Becomes readable when the child ends.
    UniqueFd pidfd;
    // What it writes when it crashes.
    UniqueFd crash;
  };

  absl::Status HandleRequest();
  absl::Status Spawn(const ZygoteRequest::Spawn& spawn, std::vector<UniqueFd> fds);
  absl::Status Fork(const ZygoteRequest::Spawn& spawn, std::vector<UniqueFd> fds);
  [[noreturn]] void BecomeChild(const ZygoteRequest::Spawn& spawn, std::vector<UniqueFd> fds, UniqueFd crash,
                                pid_t zygote);
  // Collects a child that has ended; the reply is what spoold is to hear.
  absl::StatusOr<ZygoteReply> Reap(const Child& child);

  const UniqueFd control_;
  const UniqueFd null_device_;
  const Sandbox sandbox_;
  const Faults faults_;
  std::vector<Child> children_;
};

}  // namespace spool::worker

#endif  // SPOOL_SERVER_WORKER_ZYGOTE_H_

// spoold's part, for tests and for work by hand: starts a zygote, has one job done at a time.

#ifndef SPOOL_SERVER_WORKER_WORKER_HARNESS_H_
#define SPOOL_SERVER_WORKER_WORKER_HARNESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/unique_fd.h"
#include "server/worker/protocol/worker.pb.h"

namespace spool::worker {

class WorkerHarness {
 public:
  struct Outcome {
    std::vector<Report> reports;
    ZygoteReply::Exited exited;
    // From the request to spawn it until its first report.
    absl::Duration heard_after = absl::InfiniteDuration();
    // The last report, which should be the final one; empty when there was none.
    const Report& last() const { return reports.empty() ? Report::default_instance() : reports.back(); }
  };

  // `arguments` are the zygote's.
  static absl::StatusOr<std::unique_ptr<WorkerHarness>> Start(const std::string& binary,
                                                              const std::vector<std::string>& arguments);
  // Closes the control socket and waits for the zygote.
  ~WorkerHarness();

  // Runs `order` on `input`, writing to `outputs`, and kills the child when `limit` is over.
  absl::StatusOr<Outcome> Run(const Order& order, const ZygoteRequest::Spawn& spawn, int input,
                              const std::vector<int>& outputs, absl::Duration limit);

  // For tests of the zygote itself.
  int control() const { return control_.get(); }
  pid_t zygote() const { return zygote_; }
  // Closes the control socket. Returns the zygote's wait status.
  int Stop();

 private:
  WorkerHarness() = default;

  UniqueFd control_;
  pid_t zygote_ = -1;
  uint64_t next_id_ = 1;
};

}  // namespace spool::worker

#endif  // SPOOL_SERVER_WORKER_WORKER_HARNESS_H_

// The talk with one child, from its order to its end.

#ifndef SPOOL_SERVER_EXECUTOR_CONVERSATION_H_
#define SPOOL_SERVER_EXECUTOR_CONVERSATION_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/executor/limits.h"
#include "server/executor/worker_pool.h"
#include "server/worker/protocol/worker.pb.h"
#include "spool/v1/job.pb.h"

namespace spool::executor {

using Steady = std::chrono::steady_clock;

Steady::time_point Later(absl::Duration by);

// A failure on this side, before or after the worker did its part, as a job tells of it.
v1::JobError ErrorFrom(const absl::Status& status);

// Not thread-safe. The child is gone when it is destroyed.
class Conversation {
 public:
  Conversation(std::unique_ptr<WorkerProcess> worker, const AttemptLimits& limits)
      : worker_(std::move(worker)), limits_(limits) {}

  absl::Status Order(const worker::Order& order);

  // Waits for the next report, until `deadline`. nullopt: the deadline passed or `stop_fd` (if any) became readable.
  absl::StatusOr<std::optional<worker::Report>> Next(Steady::time_point deadline, int stop_fd);

  // The worker ended without a result, or broke the protocol.
  v1::JobError Broken(const absl::Status& status);
  // After Broken: it crashed, or was killed for its memory, and nothing but its input can be the cause.
  bool died_of_input() const { return died_of_input_; }

  // The worker said that it, or an output of it, failed.
  v1::JobError Failed(const v1::JobError& told);

  // The same error with the lines that were logged so far.
  v1::JobError WithLog(v1::JobError error) const;

 private:
  void KeepLogLine(absl::string_view line);

  const std::unique_ptr<WorkerProcess> worker_;
  const AttemptLimits limits_;
  bool died_of_input_ = false;
  std::vector<std::string> log_lines_;
};

}  // namespace spool::executor

#endif  // SPOOL_SERVER_EXECUTOR_CONVERSATION_H_

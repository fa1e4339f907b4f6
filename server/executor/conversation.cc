#include "server/executor/conversation.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/base/errors.h"
#include "server/base/posix_error.h"
#include "server/base/status_macros.h"
#include "server/executor/tame.h"
#include "server/job/failure.h"
#include "server/worker/protocol/packet.h"

namespace spool::executor {
namespace {

constexpr size_t kMaxLogLines = 20;
constexpr size_t kMaxStackBytes = 32 << 10;

// What the end of a worker means that did not report one.
v1::JobError FromExit(const WorkerExit& exit, const AttemptLimits& limits) {
  v1::JobError error;
  if (exit.lost) {
    error = job::MakeError(job::kWorkerCrashed, "the worker's parent process died");
  } else if (exit.signal == SIGXCPU) {
    error = job::MakeError(job::kDeadlineExceeded, "the worker used up its CPU time");
  } else if (exit.signal == SIGXFSZ) {
    error = job::MakeError(job::kLimitExceeded,
                           absl::StrCat("the output grew over its limit of ", limits.max_output_bytes, " bytes"));
  } else if (exit.signal == SIGKILL) {
    error = job::MakeError(job::kOutOfMemory, "the worker was killed from outside, most likely for want of memory");
  } else if (exit.signal == SIGSYS) {
    error = job::MakeError(job::kWorkerCrashed, "the worker asked for a system call that its sandbox forbids");
  } else if (exit.signal != 0) {
    error = job::MakeError(job::kWorkerCrashed, absl::StrCat("the worker crashed with signal ", exit.signal, " (SIG",
                                                             sigabbrev_np(exit.signal), ")"));
  } else {
    error = job::MakeError(job::kWorkerCrashed,
                           absl::StrCat("the worker exited with code ", exit.exit_code, " without a result"));
  }
  error.set_stack(Tame(exit.stack, kMaxStackBytes));
  return error;
}

}  // namespace

Steady::time_point Later(absl::Duration by) {
  return Steady::now() + absl::ToChronoNanoseconds(std::min(by, absl::Duration(absl::Hours(24 * 365))));
}

v1::JobError ErrorFrom(const absl::Status& status) {
  const std::string reason = ErrorInfoOf(status).reason();
  if (job::IsKnownReason(reason)) return job::MakeError(reason, status.message());
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return job::MakeError(job::kInputNotFound, status.message());
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kPermissionDenied:
      return job::MakeError(job::kInvalidSpec, status.message());
    case absl::StatusCode::kResourceExhausted:
      return job::MakeError(job::kOutOfSpace, status.message());
    case absl::StatusCode::kUnavailable:
      return job::MakeError(job::kWorkerUnavailable, status.message());
    default:
      return job::MakeError(job::kIoError, status.message());
  }
}

absl::Status Conversation::Order(const worker::Order& order) { return worker::SendPacket(worker_->socket(), order); }

absl::StatusOr<std::optional<worker::Report>> Conversation::Next(Steady::time_point deadline, int stop_fd) {
  pollfd fds[2] = {{worker_->socket(), POLLIN, 0}, {stop_fd, POLLIN, 0}};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Steady::now()).count();
    if (left <= 0) return std::nullopt;
    const int ready = poll(fds, 2, static_cast<int>(std::min<int64_t>(left + 1, 60000)));
    if (ready < 0 && errno != EINTR) return PosixError(errno, "wait for the worker");
    if (ready <= 0) continue;
    if (fds[1].revents != 0) return std::nullopt;
    worker::Report report;
    SPOOL_RETURN_IF_ERROR(worker::ReceivePacket(worker_->socket(), report));
    if (report.has_log_line()) {
      KeepLogLine(report.log_line());
      continue;
    }
    return report;
  }
}

v1::JobError Conversation::Broken(const absl::Status& status) {
  const bool closed = absl::IsOutOfRange(status);
  if (!closed) worker_->Kill();
  const WorkerExit exit = worker_->WaitForExit();
  v1::JobError error = FromExit(exit, limits_);
  died_of_input_ = !exit.lost && (error.reason() == job::kWorkerCrashed || error.reason() == job::kOutOfMemory);
  if (!closed)
    error = job::MakeError(job::kWorkerCrashed, absl::StrCat("the worker spoke nonsense: ", status.message()));
  return WithLog(std::move(error));
}

v1::JobError Conversation::Failed(const v1::JobError& told) {
  const bool known = job::IsKnownReason(told.reason());
  v1::JobError error = job::MakeError(known ? told.reason() : job::kInternal, Tame(told.message(), kMaxTextBytes));
  error.set_retryable(told.retryable() && error.retryable());
  error.set_stack(Tame(told.stack(), kMaxStackBytes));
  for (const std::string& line : told.log_lines()) {
    if (log_lines_.empty() || std::find(log_lines_.begin(), log_lines_.end(), line) == log_lines_.end()) {
      KeepLogLine(line);
    }
  }
  return WithLog(std::move(error));
}

v1::JobError Conversation::WithLog(v1::JobError error) const {
  for (const std::string& line : log_lines_) error.add_log_lines(line);
  return error;
}

void Conversation::KeepLogLine(absl::string_view line) {
  if (log_lines_.size() == kMaxLogLines) log_lines_.erase(log_lines_.begin());
  log_lines_.push_back(Tame(line, 512));
}

}  // namespace spool::executor

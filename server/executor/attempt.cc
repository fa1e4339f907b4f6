#include "server/executor/attempt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/errors.h"
#include "server/base/posix_error.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"
#include "server/job/failure.h"
#include "server/job/output_name.h"
#include "server/worker/protocol/packet.h"
#include "server/worker/protocol/worker.pb.h"

namespace spool::executor {
namespace {

using Steady = std::chrono::steady_clock;

constexpr size_t kMaxLogLines = 20;
constexpr size_t kMaxTextBytes = 4096;
constexpr size_t kMaxStackBytes = 32 << 10;
// A worker that has reported its end has this long to be gone.
constexpr absl::Duration kExitGrace = absl::Seconds(2);

Steady::time_point Later(absl::Duration by) {
  return Steady::now() + absl::ToChronoNanoseconds(std::min(by, absl::Duration(absl::Hours(24 * 365))));
}

// A child may send any bytes: text from it is cut, and made valid UTF-8, which proto3 strings must be.
std::string Tame(absl::string_view text, size_t max_bytes) {
  std::string tame;
  for (const char c : text.substr(0, max_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    tame += (byte < 0x20 && c != '\n' && c != '\t') || byte >= 0x7f ? '?' : c;
  }
  return tame;
}

double Finite(double value) { return std::isfinite(value) ? std::max(value, 0.0) : 0.0; }

// The same of numbers. `last` is what was told before.
v1::JobProgress Tame(const v1::JobProgress& told, const v1::JobProgress& last, int attempt) {
  v1::JobProgress progress;
  progress.set_fraction(std::clamp(Finite(told.fraction()), last.fraction(), 1.0));
  progress.set_basis(v1::ProgressBasis_IsValid(told.basis()) ? told.basis() : v1::PROGRESS_BASIS_INDETERMINATE);
  progress.set_frames(std::max(told.frames(), last.frames()));
  progress.set_fps(Finite(told.fps()));
  progress.set_speed(Finite(told.speed()));
  const absl::Duration longest = absl::Hours(24 * 365);
  if (told.has_eta()) {
    *progress.mutable_eta() = ToProto(std::clamp(FromProto(told.eta()), absl::ZeroDuration(), longest));
  }
  if (told.has_media_time()) {
    *progress.mutable_media_time() = ToProto(std::clamp(FromProto(told.media_time()), absl::ZeroDuration(), longest));
  }
  progress.set_attempt(attempt);
  return progress;
}

v1::JobError FromStatus(const absl::Status& status) {
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

// One conversation with a child.
class Conversation {
 public:
  Conversation(std::unique_ptr<WorkerProcess> worker, const AttemptLimits& limits)
      : worker_(std::move(worker)), limits_(limits) {}

  absl::Status Order(const worker::Order& order) { return worker::SendPacket(worker_->socket(), order); }

  // Waits for the next report, until `deadline`. nullopt: the deadline passed or `stop_fd` (if any) became readable.
  absl::StatusOr<std::optional<worker::Report>> Next(Steady::time_point deadline, int stop_fd) {
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

  // The worker ended without a result, or broke the protocol.
  v1::JobError Broken(const absl::Status& status) {
    const bool closed = absl::IsOutOfRange(status);
    if (!closed) worker_->Kill();
    const WorkerExit exit = worker_->WaitForExit();
    v1::JobError error = FromExit(exit, limits_);
    died_of_input_ = !exit.lost && (error.reason() == job::kWorkerCrashed || error.reason() == job::kOutOfMemory);
    if (!closed)
      error = job::MakeError(job::kWorkerCrashed, absl::StrCat("the worker spoke nonsense: ", status.message()));
    return WithLog(std::move(error));
  }

  // The worker said that it failed.
  v1::JobError Failed(const v1::JobError& told) {
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

  // After Broken: it crashed, or was killed for its memory, and nothing but its input can be the cause.
  bool died_of_input() const { return died_of_input_; }

  v1::JobError WithLog(v1::JobError error) const {
    for (const std::string& line : log_lines_) error.add_log_lines(line);
    return error;
  }

 private:
  void KeepLogLine(absl::string_view line) {
    if (log_lines_.size() == kMaxLogLines) log_lines_.erase(log_lines_.begin());
    log_lines_.push_back(Tame(line, 512));
  }

  const std::unique_ptr<WorkerProcess> worker_;
  const AttemptLimits& limits_;
  bool died_of_input_ = false;
  std::vector<std::string> log_lines_;
};

void SetLimits(worker::Limits& out, const AttemptLimits& limits) {
  out.set_max_pixels(limits.max_pixels);
  out.set_max_streams(limits.max_streams);
  out.set_max_alloc_bytes(limits.max_alloc_bytes);
  out.set_max_output_bytes(limits.max_output_bytes);
}

worker::Order OrderFor(const v1::Job& job, int threads, const AttemptLimits& limits, const files::MediaFiles& files) {
  worker::Order order;
  if (job.has_resize()) {
    *order.mutable_run()->mutable_resize() = job.resize();
  } else {
    *order.mutable_run()->mutable_convert() = job.convert();
  }
  order.mutable_run()->set_container_hint(job::ContainerOfPath(job.output()));
  order.set_threads(threads);
  order.set_input_extension(files.InputExtension(job.input()));
  SetLimits(*order.mutable_limits(), limits);
  return order;
}

// Believes the worker's result only as far as it can be checked from here.
absl::StatusOr<v1::JobResult> CheckResult(v1::JobResult result, const files::StagedFile& output) {
  SPOOL_ASSIGN_OR_RETURN(const int64_t size, output.Size());
  if (size == 0 || size != result.bytes()) {
    return absl::InternalError(absl::StrCat("the worker reports ", result.bytes(), " bytes but wrote ", size));
  }
  if (!v1::Container_IsValid(result.container()) || job::ExtensionOf(result.container()).empty()) {
    return absl::InternalError("the worker reports no container");
  }
  result.set_sha256(Tame(result.sha256(), 64));
  result.set_video_codec(Tame(result.video_codec(), 64));
  result.set_audio_codec(Tame(result.audio_codec(), 64));
  for (std::string& warning : *result.mutable_warnings()) warning = Tame(warning, kMaxTextBytes);
  for (v1::StreamOutcome& stream : *result.mutable_streams()) {
    stream.set_kind(Tame(stream.kind(), 64));
    stream.set_input_codec(Tame(stream.input_codec(), 64));
    stream.set_output_codec(Tame(stream.output_codec(), 64));
    stream.set_reason(Tame(stream.reason(), 512));
  }
  return result;
}

absl::Duration Or(bool set, const google::protobuf::Duration& own, absl::Duration fallback) {
  return set ? FromProto(own) : fallback;
}

}  // namespace

absl::StatusOr<StopSignal> StopSignal::Make() {
  StopSignal signal;
  signal.fd_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!signal.fd_.valid()) return PosixError(errno, "eventfd");
  return signal;
}

void StopSignal::Raise(StopReason reason) {
  int none = static_cast<int>(StopReason::kNone);
  if (!reason_->compare_exchange_strong(none, static_cast<int>(reason))) return;
  const uint64_t one = 1;
  // Cannot fail: the counter goes from 0 to 1.
  [[maybe_unused]] const ssize_t written = write(fd_.get(), &one, sizeof(one));
}

Outcome RunAttempt(const v1::Job& job, int threads, const AttemptLimits& limits, WorkerPool& workers,
                   files::MediaFiles& files, Quarantine& quarantine, const StopSignal& stop,
                   const std::function<void(const v1::JobProgress&)>& on_progress) {
  const absl::Duration max_run_time =
      Or(job.limits().has_max_run_time(), job.limits().max_run_time(), limits.max_run_time);
  const absl::Duration max_stall_time =
      Or(job.limits().has_max_stall_time(), job.limits().max_stall_time(), limits.max_stall_time);

  absl::StatusOr<UniqueFd> input = files.OpenInput(job.input());
  if (!input.ok()) return FromStatus(input.status());
  const absl::StatusOr<InputIdentity> identity = InputIdentity::Of(input->get());
  if (!identity.ok()) return FromStatus(identity.status());
  if (quarantine.Holds(*identity)) {
    return job::MakeError(job::kInputQuarantined,
                          absl::StrCat(Quarantine::kMostDeaths, " workers died on this input; it has to change first"));
  }
  absl::StatusOr<files::StagedFile> output = files.StageOutput();
  if (!output.ok()) return FromStatus(output.status());
  WorkerLimits worker_limits;
  worker_limits.max_output_bytes = limits.max_output_bytes;
  worker_limits.max_memory_bytes = limits.max_memory_bytes;
  // A second guard behind the deadline below, for a server that is itself stuck.
  worker_limits.max_cpu_seconds = absl::ToInt64Seconds(max_run_time) * std::max(threads, 1) + 10;
  absl::StatusOr<std::unique_ptr<WorkerProcess>> worker = workers.Spawn(input->get(), output->fd(), worker_limits);
  if (!worker.ok()) return FromStatus(worker.status());
  input->reset();

  Conversation conversation(*std::move(worker), limits);
  const auto broken = [&](const absl::Status& status) {
    v1::JobError error = conversation.Broken(status);
    if (conversation.died_of_input() && quarantine.AddDeath(*identity)) {
      error.set_reason(std::string(job::kInputQuarantined));
      error.set_message(
          absl::StrCat(Quarantine::kMostDeaths, " workers died on this input; the last one: ", error.message()));
      error.set_retryable(false);
    }
    return error;
  };
  if (absl::Status sent = conversation.Order(OrderFor(job, threads, limits, files)); !sent.ok()) {
    return broken(absl::OutOfRangeError("the worker died at once"));
  }
  const Steady::time_point run_deadline = Later(max_run_time);
  Steady::time_point stall_deadline = Later(max_stall_time);
  v1::JobProgress last;
  for (;;) {
    const auto report = conversation.Next(std::min(run_deadline, stall_deadline), stop.fd());
    if (!report.ok()) return broken(report.status());
    if (!report->has_value()) {
      if (stop.raised() != StopReason::kNone) return Stopped{stop.raised()};
      const bool stalled = Steady::now() < run_deadline;
      return conversation.WithLog(
          stalled
              ? job::MakeError(job::kStalled, absl::StrCat("no progress for ", absl::FormatDuration(max_stall_time)))
              : job::MakeError(job::kDeadlineExceeded,
                               absl::StrCat("ran longer than ", absl::FormatDuration(max_run_time))));
    }
    switch ((*report)->what_case()) {
      case worker::Report::kProgress: {
        const v1::JobProgress progress = Tame((*report)->progress(), last, job.attempt());
        // A report alone shows that input is being read: encoders swallow many frames before the first packet.
        stall_deadline = Later(max_stall_time);
        on_progress(progress);
        last = progress;
        break;
      }
      case worker::Report::kFailed:
        return conversation.Failed((*report)->failed().error());
      case worker::Report::kDone: {
        absl::StatusOr<v1::JobResult> result = CheckResult((*report)->done().result(), *output);
        if (!result.ok()) return job::MakeError(job::kInternal, result.status().message());
        result->set_output(job.output().empty() ? absl::StrCat(job.id(), ".", job::ExtensionOf(result->container()))
                                                : job.output());
        // The last moment at which a cancel still wins.
        if (stop.raised() != StopReason::kNone) return Stopped{stop.raised()};
        // The rename must come before Complete(): a crash between them runs the attempt again, which replaces the file;
        // the other order could tell of a file that is not there.
        if (absl::Status published = files.PublishOutput(*output, result->output()); !published.ok()) {
          return FromStatus(published);
        }
        return *std::move(result);
      }
      case worker::Report::kProbed:
      case worker::Report::kLogLine:
      case worker::Report::WHAT_NOT_SET:
        return broken(absl::DataLossError("a report that was not asked for"));
    }
  }
}

absl::StatusOr<v1::MediaInfo> ProbeInput(absl::string_view input, const AttemptLimits& limits, WorkerPool& workers,
                                         const files::MediaFiles& files) {
  SPOOL_ASSIGN_OR_RETURN(const UniqueFd file, files.OpenInput(input));
  WorkerLimits worker_limits;
  worker_limits.max_memory_bytes = limits.max_memory_bytes;
  worker_limits.max_cpu_seconds = absl::ToInt64Seconds(limits.max_probe_time) + 1;
  absl::StatusOr<std::unique_ptr<WorkerProcess>> worker = workers.Spawn(file.get(), -1, worker_limits);
  if (!worker.ok()) {
    return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "WORKER_UNAVAILABLE", worker.status().message()),
                          absl::Seconds(1));
  }
  Conversation conversation(*std::move(worker), limits);
  worker::Order order;
  order.mutable_probe();
  order.set_threads(1);
  order.set_input_extension(files.InputExtension(input));
  SetLimits(*order.mutable_limits(), limits);
  const auto refuse = [&](const v1::JobError& error) {
    const absl::StatusCode code =
        error.retryable() ? absl::StatusCode::kUnavailable : absl::StatusCode::kInvalidArgument;
    return Error(code, error.reason(), absl::StrCat(input, ": ", error.message()));
  };
  if (!conversation.Order(order).ok()) {
    return refuse(conversation.Broken(absl::OutOfRangeError("the worker died at once")));
  }
  SPOOL_ASSIGN_OR_RETURN(auto report, [&]() -> absl::StatusOr<std::optional<worker::Report>> {
    auto next = conversation.Next(Later(limits.max_probe_time), -1);
    if (!next.ok()) return refuse(conversation.Broken(next.status()));
    return next;
  }());
  if (!report.has_value()) {
    return Error(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                 absl::StrCat(input, ": looking at it took longer than ", absl::FormatDuration(limits.max_probe_time)));
  }
  if (report->has_failed()) return refuse(conversation.Failed(report->failed().error()));
  if (!report->has_probed()) return refuse(conversation.Broken(absl::DataLossError("no answer to a probe")));
  v1::MediaInfo media = report->probed().media();
  media.set_format(Tame(media.format(), 128));
  for (v1::StreamInfo& stream : *media.mutable_streams()) {
    for (std::string* text :
         {stream.mutable_kind(), stream.mutable_codec(), stream.mutable_profile(), stream.mutable_sample_aspect_ratio(),
          stream.mutable_format(), stream.mutable_channel_layout(), stream.mutable_language()}) {
      *text = Tame(*text, 128);
    }
  }
  return media;
}

}  // namespace spool::executor

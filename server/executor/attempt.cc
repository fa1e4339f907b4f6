#include "server/executor/attempt.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/failpoint.h"
#include "server/base/proto_time.h"
#include "server/executor/conversation.h"
#include "server/executor/order.h"
#include "server/executor/outputs.h"
#include "server/executor/tame.h"
#include "server/job/failure.h"
#include "server/worker/protocol/worker.pb.h"

namespace spool::executor {
namespace {

absl::Duration Or(bool set, const google::protobuf::Duration& own, absl::Duration fallback) {
  return set ? FromProto(own) : fallback;
}

// How long this attempt may take, in all and between two reports.
class Deadlines {
 public:
  Deadlines(const v1::JobLimits& own, const AttemptLimits& limits)
      : max_run_time_(Or(own.has_max_run_time(), own.max_run_time(), limits.max_run_time)),
        max_stall_time_(Or(own.has_max_stall_time(), own.max_stall_time(), limits.max_stall_time)) {}

  void Start() {
    run_ = Later(max_run_time_);
    Extend();
  }
  // A report came. It alone shows that input is being read: encoders swallow many frames before the first packet.
  void Extend() { stall_ = Later(max_stall_time_); }

  absl::Duration max_run_time() const { return max_run_time_; }
  Steady::time_point next() const { return std::min(run_, stall_); }
  // What it means that `next` has passed.
  v1::JobError Passed() const {
    if (Steady::now() < run_) {
      return job::MakeError(job::kStalled, absl::StrCat("no progress for ", absl::FormatDuration(max_stall_time_)));
    }
    return job::MakeError(job::kDeadlineExceeded,
                          absl::StrCat("ran longer than ", absl::FormatDuration(max_run_time_)));
  }

 private:
  const absl::Duration max_run_time_;
  const absl::Duration max_stall_time_;
  Steady::time_point run_, stall_;
};

Outcome ToOutcome(std::variant<v1::JobResult, v1::JobError> published) {
  if (auto* result = std::get_if<v1::JobResult>(&published)) return std::move(*result);
  return std::move(std::get<v1::JobError>(published));
}

}  // namespace

Outcome RunAttempt(const v1::Job& job, int threads, const AttemptLimits& limits, WorkerPool& workers,
                   files::MediaFiles& files, Quarantine& quarantine, const StopSignal& stop,
                   const std::function<void(const v1::JobProgress&)>& on_progress) {
  Deadlines deadlines(job.limits(), limits);
  absl::StatusOr<UniqueFd> input = files.OpenInput(job.input());
  if (!input.ok()) return ErrorFrom(input.status());
  const absl::StatusOr<InputIdentity> identity = InputIdentity::Of(input->get());
  if (!identity.ok()) return ErrorFrom(identity.status());
  if (quarantine.Holds(*identity)) {
    return job::MakeError(job::kInputQuarantined,
                          absl::StrCat(Quarantine::kMostDeaths, " workers died on this input; it has to change first"));
  }
  absl::StatusOr<Outputs> outputs = Outputs::Stage(job, files);
  if (!outputs.ok()) return ErrorFrom(outputs.status());
  WorkerLimits worker_limits;
  worker_limits.max_output_bytes = limits.max_output_bytes;
  worker_limits.max_memory_bytes = limits.max_memory_bytes;
  // A second guard behind the deadlines, for a server that is itself stuck.
  worker_limits.max_cpu_seconds = absl::ToInt64Seconds(deadlines.max_run_time()) * std::max(threads, 1) + 10;
  absl::StatusOr<std::unique_ptr<WorkerProcess>> worker = workers.Spawn(input->get(), outputs->fds(), worker_limits);
  if (!worker.ok()) return ErrorFrom(worker.status());
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
  if (absl::Status sent = conversation.Order(RunOrder(job, threads, limits, files)); !sent.ok()) {
    return broken(absl::OutOfRangeError("the worker died at once"));
  }
  deadlines.Start();
  v1::JobProgress last;
  for (;;) {
    const auto report = conversation.Next(deadlines.next(), stop.fd());
    if (!report.ok()) return broken(report.status());
    if (!report->has_value()) {
      if (stop.raised() != StopReason::kNone) return Stopped{stop.raised()};
      return conversation.WithLog(deadlines.Passed());
    }
    deadlines.Extend();
    absl::Status sense;
    switch ((*report)->what_case()) {
      case worker::Report::kPlanned:
        sense = outputs->TakePlan((*report)->planned());
        break;
      case worker::Report::kProgress:
        last = Tame((*report)->progress(), last, outputs->names(), job.attempt());
        on_progress(last);
        break;
      case worker::Report::kEnded: {
        const worker::Report::Ended& ended = (*report)->ended();
        std::optional<v1::JobError> error;
        if (ended.result().has_error()) error = conversation.Failed(ended.result().error());
        sense = outputs->TakeEnd(ended, std::move(error));
        if (!sense.ok() || !job.outputs().all_or_nothing()) break;
        if (const auto failed = outputs->first_error(); failed.has_value()) return *failed;
        break;
      }
      case worker::Report::kFailed:
        return conversation.Failed((*report)->failed().error());
      case worker::Report::kDone:
        if (!outputs->all_ended()) {
          sense = absl::DataLossError("done before every output has ended");
          break;
        }
        // The last moment at which a cancel still wins.
        if (stop.raised() != StopReason::kNone) return Stopped{stop.raised()};
        // The renames must come before Complete(): a crash between them runs the attempt again, which replaces the
        // files; the other order could tell of a file that is not there.
        {
          Outcome outcome = ToOutcome(outputs->Publish((*report)->done().decoded_megapixels()));
          Pass(FailPoint::kBeforeComplete);
          return outcome;
        }
      case worker::Report::kProbed:
      case worker::Report::kLogLine:
      case worker::Report::WHAT_NOT_SET:
        sense = absl::DataLossError("a report that was not asked for");
        break;
    }
    if (!sense.ok()) return broken(sense);
  }
}

}  // namespace spool::executor

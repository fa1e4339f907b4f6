#include "server/executor/look.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/errors.h"
#include "server/base/status_macros.h"
#include "server/executor/conversation.h"
#include "server/executor/order.h"
#include "server/executor/tame.h"
#include "server/job/spec.h"

namespace spool::executor {
namespace {

// A conversation with a worker that has an input and no output. Errors are those of the call.
class Look {
 public:
  static absl::StatusOr<Look> Begin(absl::string_view input, const worker::Order& order, const AttemptLimits& limits,
                                    WorkerPool& workers, const files::MediaFiles& files, const StopSignal& stop) {
    SPOOL_ASSIGN_OR_RETURN(const UniqueFd file, files.OpenInput(input));
    WorkerLimits worker_limits;
    worker_limits.max_memory_bytes = limits.max_memory_bytes;
    worker_limits.max_cpu_seconds = absl::ToInt64Seconds(limits.max_probe_time) + 1;
    absl::StatusOr<std::unique_ptr<WorkerProcess>> worker = workers.Spawn(file.get(), {}, worker_limits);
    if (!worker.ok()) {
      return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "WORKER_UNAVAILABLE", worker.status().message()),
                            absl::Seconds(1));
    }
    Look look(input, std::make_unique<Conversation>(*std::move(worker), limits), limits, stop);
    if (!look.conversation_->Order(order).ok()) return look.Broken(absl::OutOfRangeError("the worker died at once"));
    return look;
  }

  // The next report that is no failure.
  absl::StatusOr<worker::Report> Next() {
    auto next = conversation_->Next(deadline_, stop_->fd());
    if (!next.ok()) return Broken(next.status());
    if (!next->has_value() && stop_->raised() != StopReason::kNone) {
      return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "SERVER_DRAINING", "the server is stopping"),
                            absl::Seconds(1));
    }
    if (!next->has_value()) {
      return Error(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                   absl::StrCat(input_, ": looking at it took longer than ", absl::FormatDuration(max_time_)));
    }
    if ((*next)->has_failed()) return Refusal(conversation_->Failed((*next)->failed().error()));
    return **std::move(next);
  }

  absl::Status Broken(const absl::Status& status) { return Refusal(conversation_->Broken(status)); }

  absl::Status Refusal(const v1::JobError& error) const {
    const absl::StatusCode code =
        error.retryable() ? absl::StatusCode::kUnavailable : absl::StatusCode::kInvalidArgument;
    return Error(code, error.reason(), absl::StrCat(input_, ": ", error.message()));
  }

 private:
  Look(absl::string_view input, std::unique_ptr<Conversation> conversation, const AttemptLimits& limits,
       const StopSignal& stop)
      : input_(input),
        conversation_(std::move(conversation)),
        max_time_(limits.max_probe_time),
        deadline_(Later(max_time_)),
        stop_(&stop) {}

  std::string input_;
  std::unique_ptr<Conversation> conversation_;
  absl::Duration max_time_;
  Steady::time_point deadline_;
  const StopSignal* stop_;
};

}  // namespace

absl::StatusOr<v1::MediaInfo> ProbeInput(absl::string_view input, const AttemptLimits& limits, WorkerPool& workers,
                                         const files::MediaFiles& files, const StopSignal& stop) {
  SPOOL_ASSIGN_OR_RETURN(Look look, Look::Begin(input, ProbeOrder(input, limits, files), limits, workers, files, stop));
  SPOOL_ASSIGN_OR_RETURN(const worker::Report report, look.Next());
  if (!report.has_probed()) return look.Broken(absl::DataLossError("no answer to a probe"));
  return Tame(report.probed().media());
}

absl::StatusOr<v1::PlanJobResponse> PlanJob(const v1::Job& job, const AttemptLimits& limits, WorkerPool& workers,
                                            const files::MediaFiles& files, const StopSignal& stop) {
  const std::vector<v1::OutputSpec> outputs = job::OutputsOf(job);
  SPOOL_ASSIGN_OR_RETURN(Look look,
                         Look::Begin(job.input(), PlanOrder(job, limits, files), limits, workers, files, stop));
  v1::PlanJobResponse response;
  v1::Plan& plan = *response.mutable_plan();
  for (;;) {
    SPOOL_ASSIGN_OR_RETURN(const worker::Report report, look.Next());
    const int planned = plan.outputs_size();
    if (report.has_planned()) {
      if (report.planned().index() != planned || planned == static_cast<int>(outputs.size())) {
        return look.Broken(absl::DataLossError("a plan that was not asked for"));
      }
      *plan.add_outputs() = Tame(report.planned().plan(), outputs[planned].name());
    } else if (report.has_done() && planned == static_cast<int>(outputs.size())) {
      plan.set_decoded_megapixels(TameAmount(report.done().decoded_megapixels()));
      *response.mutable_media() = Tame(report.done().media());
      return response;
    } else {
      return look.Broken(absl::DataLossError("no answer to a question for a plan"));
    }
  }
}

}  // namespace spool::executor

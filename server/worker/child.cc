#include "server/worker/child.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "server/av/failure.h"
#include "server/av/log_tail.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"
#include "server/media/run.h"
#include "server/worker/crash.h"
#include "server/worker/protocol/packet.h"
#include "server/worker/protocol/worker.pb.h"
#include "server/worker/sha256.h"

namespace spool::worker {
namespace {

// A damaged file can make libav log a line for every packet.
constexpr int kMaxLogReports = 200;
constexpr int kMaxMessageBytes = 2000;
constexpr int kMaxWarnings = 50;

// A parent that is gone kills this process; until then there is no one to tell.
void Send(const Report& report) { SendPacket(kJobSocketFd, report).IgnoreError(); }

void ReportLogLines() {
  av::CaptureLog([sent = 0](const std::string& line) mutable {
    if (sent++ >= kMaxLogReports) return;
    Report report;
    report.set_log_line(line);
    Send(report);
  });
}

absl::Duration Elapsed() {
  static const auto start = std::chrono::steady_clock::now();
  return absl::FromChrono(std::chrono::steady_clock::now() - start);
}

media::RunOptions OptionsOf(const Order& order) {
  media::RunOptions options;
  options.limits.max_pixels = order.limits().max_pixels();
  options.limits.max_streams = order.limits().max_streams();
  options.limits.max_alloc_bytes = order.limits().max_alloc_bytes();
  options.limits.max_output_bytes = order.limits().max_output_bytes();
  options.limits.max_media_duration = FromProto(order.limits().max_media_duration());
  options.threads = std::max(order.threads(), 1);
  options.input_extension = order.input_extension();
  return options;
}

std::vector<media::Task> TasksOf(const google::protobuf::RepeatedPtrField<Order::Output>& outputs) {
  std::vector<media::Task> tasks;
  for (const Order::Output& output : outputs) tasks.push_back(media::TaskOf(output.spec(), output.container_hint()));
  return tasks;
}

void TellPlan(int index, const v1::OutputPlan& plan) {
  Report report;
  report.mutable_planned()->set_index(index);
  *report.mutable_planned()->mutable_plan() = plan;
  Send(report);
}

v1::JobError ErrorOf(const absl::Status& status) {
  const av::Reason reason = av::ReasonOf(status);
  v1::JobError error;
  error.set_reason(std::string(av::ReasonName(reason)));
  error.set_message(std::string(status.message().substr(0, kMaxMessageBytes)));
  error.set_retryable(av::IsRetryable(reason));
  return error;
}

absl::StatusOr<v1::JobResult> Complete(int index, v1::JobResult result) {
  SPOOL_ASSIGN_OR_RETURN(*result.mutable_sha256(), Sha256OfFile(kFirstOutputFd + index));
  if (result.warnings_size() > kMaxWarnings) {
    result.mutable_warnings()->DeleteSubrange(kMaxWarnings, result.warnings_size() - kMaxWarnings);
  }
  return result;
}

void TellEnd(int index, const std::string& name, absl::StatusOr<media::Made> made) {
  Report report;
  Report::Ended& ended = *report.mutable_ended();
  ended.set_index(index);
  ended.mutable_result()->set_name(name);
  absl::StatusOr<v1::JobResult> result =
      made.ok() ? Complete(index, std::move(made->result)) : absl::StatusOr<v1::JobResult>(made.status());
  if (result.ok()) {
    *ended.mutable_result()->mutable_result() = *std::move(result);
    ended.set_vtt(std::move(made->vtt));
  } else {
    *ended.mutable_result()->mutable_error() = ErrorOf(result.status());
  }
  Send(report);
}

void TellDone(media::RunSummary summary) {
  Report report;
  report.mutable_done()->set_decoded_megapixels(summary.decoded_megapixels);
  *report.mutable_done()->mutable_media() = std::move(summary.media);
  Send(report);
}

// For tests: the fault that the order names, if it is to be committed at this stage.
void MaybeCommitFaultAt(absl::string_view stage, const Order& order, Faults faults) {
  absl::string_view name = order.input_extension();
  if (faults == Faults::kOn && absl::ConsumePrefix(&name, stage)) MaybeCommitFault(name);
}

absl::Status Run(const Order& order, Faults faults) {
  const std::vector<media::Task> tasks = TasksOf(order.run().outputs());
  std::vector<int> outputs;
  for (size_t i = 0; i < tasks.size(); ++i) outputs.push_back(kFirstOutputFd + static_cast<int>(i));
  media::RunEvents events;
  events.on_planned = [&order, faults](int index, const v1::OutputPlan& plan) {
    TellPlan(index, plan);
    MaybeCommitFaultAt("planned", order, faults);
  };
  events.on_ended = [&tasks](int index, absl::StatusOr<media::Made> made) {
    TellEnd(index, tasks[index].name, std::move(made));
  };
  events.on_progress = [&order, faults](const v1::JobProgress& progress) {
    Report report;
    *report.mutable_progress() = progress;
    Send(report);
    MaybeCommitFaultAt("moving", order, faults);
    if (progress.fraction() >= 0.5) MaybeCommitFaultAt("half", order, faults);
  };
  events.stopwatch = &Elapsed;
  const auto on_failure =
      order.run().all_or_nothing() ? media::OnOutputFailure::kEndAll : media::OnOutputFailure::kMakeTheOthers;
  SPOOL_ASSIGN_OR_RETURN(media::RunSummary summary,
                         media::RunTasks(tasks, on_failure, OptionsOf(order), kInputFd, outputs, std::move(events)));
  MaybeCommitFaultAt("late", order, faults);
  TellDone(std::move(summary));
  return absl::OkStatus();
}

absl::Status MakePlan(const Order& order) {
  media::RunEvents events;
  events.on_planned = &TellPlan;
  SPOOL_ASSIGN_OR_RETURN(media::RunSummary summary, media::PlanTasks(TasksOf(order.plan().outputs()), OptionsOf(order),
                                                                     kInputFd, std::move(events)));
  TellDone(std::move(summary));
  return absl::OkStatus();
}

absl::Status Probe(const Order& order) {
  Report probed;
  SPOOL_ASSIGN_OR_RETURN(*probed.mutable_probed()->mutable_media(), media::ProbeFile(kInputFd, OptionsOf(order)));
  Send(probed);
  return absl::OkStatus();
}

absl::Status Follow(const Order& order, Faults faults) {
  switch (order.what_case()) {
    case Order::kRun:
      return Run(order, faults);
    case Order::kProbe:
      return Probe(order);
    case Order::kPlan:
      return MakePlan(order);
    case Order::WHAT_NOT_SET:
      break;
  }
  return av::Failure(av::Reason::kInternal, "an order of another version");
}

void SendFailure(const absl::Status& status) {
  Report report;
  v1::JobError& error = *report.mutable_failed()->mutable_error();
  error = ErrorOf(status);
  for (std::string& line : av::LogTail()) error.add_log_lines(std::move(line));
  Send(report);
}

}  // namespace

void RunChild(const Sandbox& sandbox, const ResourceLimits& limits, Faults faults) {
  ReportCrashesTo(kCrashFd);
  Order order;
  // The order is spoold's own word; it may be read before the doors close, and reading needs a call that is then shut.
  if (!ReceivePacket(kJobSocketFd, order).ok()) _exit(1);
  absl::Status status = sandbox.Enter(limits);
  if (status.ok()) {
    ReportLogLines();
    MaybeCommitFaultAt("", order, faults);
    status = Follow(order, faults);
  }
  if (!status.ok()) SendFailure(status);
  // Not exit(): nothing here is worth the destructors of two hundred libraries.
  _exit(0);
}

}  // namespace spool::worker

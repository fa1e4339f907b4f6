#include "server/worker/child.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

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

media::Task TaskOf(const Order::Run& run) {
  media::Task task;
  if (run.has_convert()) {
    task.spec = run.convert();
  } else {
    task.spec = run.resize();
  }
  task.container_hint = run.container_hint();
  return task;
}

absl::Status Run(const Order& order, Faults faults) {
  Report done;
  SPOOL_ASSIGN_OR_RETURN(v1::JobResult result, media::RunTask(TaskOf(order.run()), OptionsOf(order), kInputFd,
                                                              kOutputFd, &Elapsed, [](const v1::JobProgress& progress) {
                                                                Report report;
                                                                *report.mutable_progress() = progress;
                                                                Send(report);
                                                              }));
  if (absl::string_view late = order.input_extension(); faults == Faults::kOn && absl::ConsumePrefix(&late, "late")) {
    MaybeCommitFault(late);
  }
  SPOOL_ASSIGN_OR_RETURN(*result.mutable_sha256(), Sha256OfFile(kOutputFd));
  if (result.warnings_size() > kMaxWarnings) {
    result.mutable_warnings()->DeleteSubrange(kMaxWarnings, result.warnings_size() - kMaxWarnings);
  }
  *done.mutable_done()->mutable_result() = std::move(result);
  Send(done);
  return absl::OkStatus();
}

absl::Status Probe(const Order& order) {
  Report probed;
  SPOOL_ASSIGN_OR_RETURN(*probed.mutable_probed()->mutable_media(), media::ProbeFile(kInputFd, OptionsOf(order)));
  Send(probed);
  return absl::OkStatus();
}

void SendFailure(const absl::Status& status) {
  const av::Reason reason = av::ReasonOf(status);
  Report report;
  v1::JobError& error = *report.mutable_failed()->mutable_error();
  error.set_reason(std::string(av::ReasonName(reason)));
  error.set_message(std::string(status.message().substr(0, kMaxMessageBytes)));
  error.set_retryable(av::IsRetryable(reason));
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
    if (faults == Faults::kOn) MaybeCommitFault(order.input_extension());
    status = order.has_probe() ? Probe(order) : Run(order, faults);
  }
  if (!status.ok()) SendFailure(status);
  // Not exit(): nothing here is worth the destructors of two hundred libraries.
  _exit(0);
}

}  // namespace spool::worker

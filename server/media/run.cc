#include "server/media/run.h"

#include <memory>
#include <utility>

#include "server/base/status_macros.h"
#include "server/media/probe.h"
#include "server/media/work.h"

namespace spool::media {

absl::StatusOr<v1::MediaInfo> ProbeFile(int input_fd, const RunOptions& options) {
  SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<av::Input> input, OpenInput(input_fd, options));
  SPOOL_ASSIGN_OR_RETURN(InputFacts facts, Probe(*input, input_fd));
  return std::move(facts.info);
}

absl::StatusOr<RunSummary> RunTasks(const std::vector<Task>& tasks, OnOutputFailure on_failure,
                                    const RunOptions& options, int input_fd, const std::vector<int>& output_fds,
                                    RunEvents events) {
  Work work(tasks, on_failure, options, input_fd, output_fds, std::move(events));
  SPOOL_RETURN_IF_ERROR(work.MakePlans());
  SPOOL_RETURN_IF_ERROR(work.Run());
  return std::move(work).Summary();
}

absl::StatusOr<RunSummary> PlanTasks(const std::vector<Task>& tasks, const RunOptions& options, int input_fd,
                                     RunEvents events) {
  Work work(tasks, OnOutputFailure::kMakeTheOthers, options, input_fd, {}, std::move(events));
  SPOOL_RETURN_IF_ERROR(work.MakePlans());
  return std::move(work).Summary();
}

absl::StatusOr<v1::JobResult> RunTask(const Task& task, const RunOptions& options, int input_fd, int output_fd,
                                      Stopwatch stopwatch, ProgressSink sink) {
  v1::JobResult result;
  RunEvents events;
  events.stopwatch = std::move(stopwatch);
  events.on_progress = std::move(sink);
  events.on_ended = [&result](int, absl::StatusOr<Made> made) {
    if (made.ok()) result = std::move(made->result);
  };
  SPOOL_RETURN_IF_ERROR(
      RunTasks({task}, OnOutputFailure::kEndAll, options, input_fd, {output_fd}, std::move(events)).status());
  return result;
}

}  // namespace spool::media

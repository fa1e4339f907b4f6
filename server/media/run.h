// Does the media work of one job from beginning to end: look, plan, run, check.

#ifndef SPOOL_SERVER_MEDIA_RUN_H_
#define SPOOL_SERVER_MEDIA_RUN_H_

#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "server/media/ask.h"
#include "server/media/progress.h"
#include "server/media/run_options.h"
#include "spool/v1/job.pb.h"
#include "spool/v1/media.pb.h"

namespace spool::media {

// One output that is complete.
struct Made {
  // Lacks `sha256`, `output` and the other outputs.
  v1::JobResult result;
  // A sheet's WebVTT, with "{image}" where the image's name goes; empty for others.
  std::string vtt;
};

// What is told on the way. `output` is a place in the tasks.
struct RunEvents {
  // Once for each, before anything is made. A plan with an error will not be tried.
  absl::AnyInvocable<void(int output, const v1::OutputPlan& plan)> on_planned = [](int, const v1::OutputPlan&) {};
  // Once for each, unless the run as a whole fails. A failed status is one of av::Failure; whatever lies in the output
  // then is of no use.
  absl::AnyInvocable<void(int output, absl::StatusOr<Made> made)> on_ended = [](int, absl::StatusOr<Made>) {};
  // From any thread, one at a time.
  ProgressSink on_progress = [](const v1::JobProgress&) {};
  Stopwatch stopwatch = [] { return absl::ZeroDuration(); };
};

struct RunSummary {
  v1::MediaInfo media;
  double decoded_megapixels = 0;
};

enum class OnOutputFailure { kMakeTheOthers, kEndAll };

// What `input_fd` holds.
absl::StatusOr<v1::MediaInfo> ProbeFile(int input_fd, const RunOptions& options);

// Makes `output_fds` (empty, readable and writable, one for each task) from `input_fd`, all of which are borrowed.
// With one task its failure is the run's.
absl::StatusOr<RunSummary> RunTasks(const std::vector<Task>& tasks, OnOutputFailure on_failure,
                                    const RunOptions& options, int input_fd, const std::vector<int>& output_fds,
                                    RunEvents events);

// Only plans; calls only `on_planned`.
absl::StatusOr<RunSummary> PlanTasks(const std::vector<Task>& tasks, const RunOptions& options, int input_fd,
                                     RunEvents events);

// RunTasks for one task.
absl::StatusOr<v1::JobResult> RunTask(const Task& task, const RunOptions& options, int input_fd, int output_fd,
                                      Stopwatch stopwatch, ProgressSink sink);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_RUN_H_

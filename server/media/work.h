// The whole of one run: some outputs of one input, from the first look to the last check.

#ifndef SPOOL_SERVER_MEDIA_WORK_H_
#define SPOOL_SERVER_MEDIA_WORK_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/av/input.h"
#include "server/base/mutex.h"
#include "server/media/ask.h"
#include "server/media/damage.h"
#include "server/media/input_facts.h"
#include "server/media/output_line.h"
#include "server/media/pipeline.h"
#include "server/media/plan.h"
#include "server/media/progress.h"
#include "server/media/run.h"
#include "server/media/run_options.h"

namespace spool::media {

// Opens the input as the options bound it.
absl::StatusOr<std::unique_ptr<av::Input>> OpenInput(int fd, const RunOptions& options,
                                                     av::Look look = av::Look::kThorough);

// Use: MakePlans, then (unless that was all) Run, then Summary. Borrows all that it is given but `events`.
class Work {
 public:
  Work(const std::vector<Task>& tasks, OnOutputFailure on_failure, const RunOptions& options, int input_fd,
       const std::vector<int>& output_fds, RunEvents events)
      : tasks_(tasks),
        on_failure_(on_failure),
        options_(options),
        input_fd_(input_fd),
        output_fds_(output_fds),
        events_(std::move(events)) {}

  absl::Status MakePlans();
  absl::Status Run();
  RunSummary Summary() &&;

 private:
  // Opens the input and finds out as much as the tasks need.
  absl::Status Look();
  bool EndsAll() const { return tasks_.size() == 1 || on_failure_ == OnOutputFailure::kEndAll; }
  // Outputs that are made in one reading of the input.
  std::vector<std::vector<int>> Groups() const;
  absl::Status RunGroup(const std::vector<int>& group);
  absl::StatusOr<std::unique_ptr<av::Input>> TakeInput();
  // The readings before the one that writes.
  absl::Status Prepare(int output, LineOrder& order);
  absl::Status HearFirst(int output, LineOrder& order);
  absl::Status LookFirst(int output, LineOrder& order);
  // What is left to do with one output after its line. A new order if it has to be made once more.
  absl::StatusOr<std::optional<Plan>> Finish(int output, const OutputLine& line, Damage& damage);
  std::optional<Plan> CopyInstead(int output, int64_t bytes);
  std::optional<Plan> SmallerBitrate(int output, int64_t bytes);
  absl::Status MakeAgain(int output, Plan plan);
  absl::Status End(int output, absl::Status why);

  void BeginStep(const ProgressMeter::Whole& whole, double weight, ProgressMeter::Writes writes);
  ProgressMeter::Whole WholeOf(const Plan& plan) const;
  double TotalWeight() const;
  // Takes what the lines have written.
  void Tell(const Pipeline& pipeline, const std::vector<int>& group);
  // Something was read; nothing else is known to have changed.
  void Pulse(const av::Input& input);

  const std::vector<Task>& tasks_;
  const OnOutputFailure on_failure_;
  const RunOptions& options_;
  const int input_fd_;
  const std::vector<int>& output_fds_;
  RunEvents events_;

  std::unique_ptr<av::Input> input_;
  InputFacts facts_;
  // By output; empty when it cannot be planned or has failed.
  std::vector<std::optional<Plan>> plans_;
  std::vector<v1::OutputPlan> told_plans_;
  std::vector<std::string> pass_logs_;
  std::map<int, double> measured_lufs_;
  // How often an output was made anew to fit.
  std::map<int, int> again_;

  std::unique_ptr<ProgressMeter> progress_;
  double weight_ = 0;
  double weight_done_ = 0;
  // Demuxers are read by several threads.
  Mutex mu_;
  ProgressMeter::Done done_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_WORK_H_

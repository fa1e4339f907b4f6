// The files that one attempt makes: staged, spoken of by the worker, published.

#ifndef SPOOL_SERVER_EXECUTOR_OUTPUTS_H_
#define SPOOL_SERVER_EXECUTOR_OUTPUTS_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/files/media_files.h"
#include "server/worker/protocol/worker.pb.h"
#include "spool/v1/job.pb.h"

namespace spool::executor {

// Believes nothing that cannot be checked from here. Not thread-safe. What is not published is removed when it is
// destroyed.
class Outputs {
 public:
  // Stages a file for each output of `job`. Both must outlive this. Errors as MediaFiles::StageOutput.
  static absl::StatusOr<Outputs> Stage(const v1::Job& job, files::MediaFiles& files);

  // The staged files' descriptors, in order.
  std::vector<int> fds() const;
  // The outputs' names, in order; empty for a job with one output.
  const std::vector<std::string>& names() const { return names_; }

  // What the worker said. DataLoss: it makes no sense. Each is planned once, in order, and ends once; what was made was
  // planned before. `error` is what failed, already tamed; absent if the output was made.
  absl::Status TakePlan(const worker::Report::Planned& planned);
  absl::Status TakeEnd(const worker::Report::Ended& ended, std::optional<v1::JobError> error);
  bool all_ended() const;
  // Of those that have failed so far, in the order asked, as the job would tell of it.
  std::optional<v1::JobError> first_error() const;

  // Makes all that were made durable under their final names, then tells what the job has. An error means that the
  // attempt has failed; files that have their names already keep them, and the next attempt replaces them.
  std::variant<v1::JobResult, v1::JobError> Publish(double decoded_megapixels);

 private:
  struct Output {
    v1::OutputSpec spec;
    files::StagedFile file;
    std::optional<v1::OutputPlan> plan;
    // Exactly one, once it has ended.
    std::optional<v1::JobResult> result;
    std::optional<v1::JobError> error;
    std::string vtt;  // WebVTT text, with `{image}` where the image's name goes
  };

  Outputs(const v1::Job* job, files::MediaFiles* files) : job_(job), files_(files) {}
  // Gives what was made its final path; what cannot go there has failed.
  void NamePaths();
  absl::Status PublishOne(Output& output);
  v1::JobResult WholeResult(double decoded_megapixels) const;

  const v1::Job* job_;
  files::MediaFiles* files_;
  std::vector<std::string> names_;
  std::vector<Output> outputs_;
  int next_planned_ = 0;
};

}  // namespace spool::executor

#endif  // SPOOL_SERVER_EXECUTOR_OUTPUTS_H_

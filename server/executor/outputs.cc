#include "server/executor/outputs.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "server/base/status_macros.h"
#include "server/executor/conversation.h"
#include "server/executor/tame.h"
#include "server/job/failure.h"
#include "server/job/output_name.h"
#include "server/job/spec.h"

namespace spool::executor {
namespace {

// Of a job's record; what one worker may say is far more when it makes sixteen outputs.
constexpr size_t kMaxResultBytes = 64 << 10;

// Believes the worker's result only as far as it can be checked from here.
absl::StatusOr<v1::JobResult> CheckResult(const v1::JobResult& told, const files::StagedFile& file) {
  SPOOL_ASSIGN_OR_RETURN(const int64_t size, file.Size());
  if (size == 0 || size != told.bytes()) {
    return absl::InternalError(absl::StrCat("the worker reports ", told.bytes(), " bytes but wrote ", size));
  }
  v1::JobResult result = Tame(told);
  if (job::ExtensionOf(result.container()).empty()) return absl::InternalError("the worker reports no container");
  return result;
}

// As URLs want it: a name may hold spaces, "#" or letters beyond ASCII.
std::string PercentEncoded(absl::string_view name) {
  std::string encoded;
  for (const char c : name) {
    const bool plain = absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      absl::StrAppend(&encoded, absl::StrFormat("%%%02X", static_cast<unsigned char>(c)));
    }
  }
  return encoded;
}

// A result is read many times and sent many at once: one that is too long loses what is least missed.
v1::JobResult Bounded(v1::JobResult result) {
  if (result.ByteSizeLong() <= kMaxResultBytes) return result;
  result.clear_plan();
  result.add_warnings("the plan is too long to be kept");
  for (v1::OutputResult& output : *result.mutable_outputs()) {
    if (output.has_error()) {
      output.mutable_error()->clear_stack();
      output.mutable_error()->clear_log_lines();
      output.mutable_error()->set_message(output.error().message().substr(0, 512));
    }
    if (!output.has_result() || result.ByteSizeLong() <= kMaxResultBytes) continue;
    output.mutable_result()->clear_streams();
    output.mutable_result()->clear_warnings();
  }
  return result;
}

}  // namespace

absl::StatusOr<Outputs> Outputs::Stage(const v1::Job& job, files::MediaFiles& files) {
  Outputs outputs(&job, &files);
  for (v1::OutputSpec& spec : job::OutputsOf(job)) {
    SPOOL_ASSIGN_OR_RETURN(files::StagedFile file, files.StageOutput());
    if (job.has_outputs()) outputs.names_.push_back(spec.name());
    outputs.outputs_.push_back(Output{std::move(spec), std::move(file)});
  }
  return outputs;
}

std::vector<int> Outputs::fds() const {
  std::vector<int> fds;
  for (const Output& output : outputs_) fds.push_back(output.file.fd());
  return fds;
}

absl::Status Outputs::TakePlan(const worker::Report::Planned& planned) {
  if (planned.index() < next_planned_ || planned.index() >= static_cast<int>(outputs_.size())) {
    return absl::DataLossError(absl::StrCat("a plan of output ", planned.index()));
  }
  next_planned_ = planned.index() + 1;
  Output& output = outputs_[planned.index()];
  output.plan = Tame(planned.plan(), output.spec.name());
  return absl::OkStatus();
}

absl::Status Outputs::TakeEnd(const worker::Report::Ended& ended, std::optional<v1::JobError> error) {
  if (ended.index() < 0 || ended.index() >= static_cast<int>(outputs_.size())) {
    return absl::DataLossError(absl::StrCat("the end of output ", ended.index()));
  }
  Output& output = outputs_[ended.index()];
  if (output.result.has_value() || output.error.has_value()) return absl::DataLossError("an output ended twice");
  if (ended.result().has_result() == error.has_value()) return absl::DataLossError("an end with no outcome or two");
  if (error.has_value()) {
    output.error = std::move(error);
    output.error->set_attempt(job_->attempt());
    return absl::OkStatus();
  }
  if (!output.plan.has_value()) return absl::DataLossError("an output that was not planned");
  if (output.spec.has_sprite_sheet() == ended.vtt().empty())
    return absl::DataLossError("WebVTT is missing or too much");
  absl::StatusOr<v1::JobResult> result = CheckResult(ended.result().result(), output.file);
  if (!result.ok()) {
    output.error = job::MakeError(job::kInternal, result.status().message());
    output.error->set_attempt(job_->attempt());
    return absl::OkStatus();
  }
  output.result = *std::move(result);
  output.vtt = Tame(ended.vtt(), ended.vtt().size());
  return absl::OkStatus();
}

bool Outputs::all_ended() const {
  return std::all_of(outputs_.begin(), outputs_.end(),
                     [](const Output& output) { return output.result.has_value() || output.error.has_value(); });
}

std::optional<v1::JobError> Outputs::first_error() const {
  for (const Output& output : outputs_) {
    if (!output.error.has_value()) continue;
    v1::JobError error = *output.error;
    if (job_->has_outputs()) {
      error.set_message(absl::StrCat("output \"", output.spec.name(), "\": ", error.message()));
    }
    return error;
  }
  return std::nullopt;
}

void Outputs::NamePaths() {
  for (Output& output : outputs_) {
    if (!output.result.has_value()) continue;
    const bool chosen = !output.spec.output().empty();
    output.result->set_output(chosen ? output.spec.output()
                                     : job::DefaultOutput(job_->id(), output.spec.name(), output.result->container()));
    if (output.spec.has_sprite_sheet()) output.result->set_vtt(job::VttPathOf(output.result->output()));
    absl::Status status = files_->CheckOutput(output.result->output());
    if (status.ok() && !output.result->vtt().empty()) status = files_->CheckOutput(output.result->vtt());
    if (status.ok()) continue;
    output.result.reset();
    output.error = ErrorFrom(status);
    output.error->set_attempt(job_->attempt());
  }
}

absl::Status Outputs::PublishOne(Output& output) {
  SPOOL_RETURN_IF_ERROR(files_->PublishOutput(output.file, output.result->output()));
  if (output.result->vtt().empty()) return absl::OkStatus();
  SPOOL_ASSIGN_OR_RETURN(files::StagedFile vtt, files_->StageOutput());
  const std::string image = PercentEncoded(job::BaseName(output.result->output()));
  SPOOL_RETURN_IF_ERROR(vtt.Append(absl::StrReplaceAll(output.vtt, {{"{image}", image}})));
  return files_->PublishOutput(vtt, output.result->vtt());
}

std::variant<v1::JobResult, v1::JobError> Outputs::Publish(double decoded_megapixels) {
  NamePaths();
  const bool any =
      std::any_of(outputs_.begin(), outputs_.end(), [](const Output& output) { return output.result.has_value(); });
  const std::optional<v1::JobError> failed = first_error();
  if (failed.has_value() && (!any || job_->outputs().all_or_nothing())) return *failed;
  for (Output& output : outputs_) {
    if (!output.result.has_value()) continue;
    // The disk has failed us, whatever the output: another attempt makes all of them again.
    if (absl::Status status = PublishOne(output); !status.ok()) return ErrorFrom(status);
  }
  return WholeResult(decoded_megapixels);
}

v1::JobResult Outputs::WholeResult(double decoded_megapixels) const {
  const auto first =
      std::find_if(outputs_.begin(), outputs_.end(), [](const Output& output) { return output.result.has_value(); });
  v1::JobResult whole = *first->result;
  v1::Plan& plan = *whole.mutable_plan();
  plan.set_decoded_megapixels(TameAmount(decoded_megapixels));
  for (const Output& output : outputs_) {
    if (output.plan.has_value()) {
      *plan.add_outputs() = *output.plan;
    } else {
      v1::OutputPlan& none = *plan.add_outputs();
      none.set_name(output.spec.name());
      none.set_error(output.error->message());
    }
    if (!job_->has_outputs()) continue;
    v1::OutputResult& told = *whole.add_outputs();
    told.set_name(output.spec.name());
    if (output.result.has_value()) *told.mutable_result() = *output.result;
    if (output.error.has_value()) *told.mutable_error() = *output.error;
  }
  return Bounded(std::move(whole));
}

}  // namespace spool::executor

// Specs: what may be asked for, and the outputs that a job has.

#ifndef SPOOL_SERVER_JOB_SPEC_H_
#define SPOOL_SERVER_JOB_SPEC_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "spool/v1/job.pb.h"

namespace spool::job {

// Copies the spec of a message that has one (Job, OutputSpec, EnqueueRequest, Preset), but for `outputs`.
template <typename From, typename To>
void CopySingleSpec(const From& from, To& to) {
  if (from.has_resize()) *to.mutable_resize() = from.resize();
  if (from.has_convert()) *to.mutable_convert() = from.convert();
  if (from.has_thumbnail()) *to.mutable_thumbnail() = from.thumbnail();
  if (from.has_sprite_sheet()) *to.mutable_sprite_sheet() = from.sprite_sheet();
  if (from.has_preview()) *to.mutable_preview() = from.preview();
}

// The same, `outputs` too.
template <typename From, typename To>
void CopySpec(const From& from, To& to) {
  CopySingleSpec(from, to);
  if (from.has_outputs()) *to.mutable_outputs() = from.outputs();
}

// The job's type; UNSPECIFIED when it has no spec.
v1::JobType TypeOf(const v1::Job& job);

// Checks the job's spec and its output paths. INVALID_ARGUMENT (FieldError) names the first bad field as a path from
// the job.
absl::Status CheckSpec(const v1::Job& job);

// Names that the caller left out: each output's number.
void NameOutputs(v1::OutputsSpec& outputs);

// What the job makes, in order; a job with one output has one without a name.
std::vector<v1::OutputSpec> OutputsOf(const v1::Job& job);

// The container that the spec names; UNSPECIFIED when it leaves that to Spool.
v1::Container ContainerOf(const v1::OutputSpec& output);

}  // namespace spool::job

#endif  // SPOOL_SERVER_JOB_SPEC_H_

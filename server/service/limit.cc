#include "server/service/limit.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/errors.h"
#include "server/base/status_macros.h"
#include "server/job/request.h"
#include "server/job/spec.h"

namespace spool::service {

absl::Status CheckInput(const auth::Caller& caller, absl::string_view input) {
  if (!caller.limited() || !job::UploadIdOf(input).empty() || caller.MayName(input)) return absl::OkStatus();
  return auth::OutsideLimit("input", "this token may read only uploads and the folders it names");
}

absl::Status CheckFiles(const auth::Caller& caller, const v1::Job& job) {
  if (!caller.limited()) return absl::OkStatus();
  SPOOL_RETURN_IF_ERROR(CheckInput(caller, job.input()));
  const std::vector<v1::OutputSpec> outputs = job::OutputsOf(job);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].output().empty() || caller.MayName(outputs[i].output())) continue;
    return auth::OutsideLimit(job.has_outputs() ? absl::StrCat("outputs.outputs[", i, "].output") : "output",
                              "this token may write only under the folders it names, or to the server's own names");
  }
  return absl::OkStatus();
}

absl::Status CheckNewJob(const auth::Caller& caller, const v1::EnqueueRequest& request, const v1::Job& job) {
  if (!caller.limited()) return absl::OkStatus();
  if (!caller.MaySee(job)) {
    return auth::OutsideLimit("labels, video_id", "this token is limited to other jobs than this one would be");
  }
  if (!request.job_id().empty()) return auth::OutsideLimit("job_id", "is made by the server for this token");
  return CheckFiles(caller, job);
}

absl::Status WithoutForeignJob(const auth::Caller& caller, absl::Status status) {
  if (!caller.limited() || !absl::IsAlreadyExists(status)) return status;
  return Error(status.code(), ErrorInfoOf(status).reason(), "the request_id was used with another request");
}

absl::Status JobNotFound(absl::string_view job_id) {
  return WithResource(Error(absl::StatusCode::kNotFound, "JOB_NOT_FOUND", absl::StrCat("there is no job ", job_id),
                            {{"jobId", std::string(job_id)}}),
                      "job", job_id);
}

}  // namespace spool::service

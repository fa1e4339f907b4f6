// From what a caller asked to the job that is stored: every check that needs nothing but the request itself.

#ifndef SPOOL_SERVER_JOB_REQUEST_H_
#define SPOOL_SERVER_JOB_REQUEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/ulid.h"
#include "spool/v1/job.pb.h"
#include "spool/v1/job_service.pb.h"

namespace spool::job {

// Two lanes, so that what takes a moment never waits behind what takes minutes.
enum class Lane { kLong = 0, kShort = 1 };

// A job that is asked for and not yet stored.
struct NewJob {
  // As asked, with defaults filled in and an id; no state, times or revision yet.
  v1::Job job;
  // Empty when the caller gave none.
  std::string request_id;
  // Digest of the request without its ids: the same request has the same one.
  std::string fingerprint;
  // Judged by what is asked for. Short are stills, thumbnails, previews, and conversions that will most likely copy the
  // video; several outputs, when each of them is.
  Lane lane = Lane::kLong;
};

// Checks all fields (ranges are in job_service.proto and job.proto) and makes the job, with a preset's spec in its
// place. INVALID_ARGUMENT (FieldError) names the first bad field as a path from the request.
absl::StatusOr<NewJob> MakeJob(const v1::EnqueueRequest& request, absl::Time now, UlidSource& ulids);

// Id of an uploaded file that `input` names; empty if it is a path.
absl::string_view UploadIdOf(absl::string_view input);

}  // namespace spool::job

#endif  // SPOOL_SERVER_JOB_REQUEST_H_

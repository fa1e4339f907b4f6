// What a limited caller (auth/caller.h) may ask for.

#ifndef SPOOL_SERVER_SERVICE_LIMIT_H_
#define SPOOL_SERVER_SERVICE_LIMIT_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/auth/caller.h"
#include "spool/v1/job.pb.h"
#include "spool/v1/job_service.pb.h"

namespace spool::service {

// PERMISSION_DENIED (OUTSIDE_LIMIT), with the field. All that these are about is readable: the files that `job` reads
// and writes by a name that its caller chose. An upload is its own key: only who made it knows its id, and who may see
// a job with it.
absl::Status CheckInput(const auth::Caller& caller, absl::string_view input);
absl::Status CheckFiles(const auth::Caller& caller, const v1::Job& job);

// The same for a whole new job, made of `request`: it must be one that the caller may see afterwards. A limited caller
// does not choose ids: a job's id makes the name of its output, which could be a file of others.
absl::Status CheckNewJob(const auth::Caller& caller, const v1::EnqueueRequest& request, const v1::Job& job);

// The store's answer to a limited caller, without the name of another one's job.
absl::Status WithoutForeignJob(const auth::Caller& caller, absl::Status status);

// As the store says it of a job that is not there: one outside of the limit is told apart by nothing.
absl::Status JobNotFound(absl::string_view job_id);

}  // namespace spool::service

#endif  // SPOOL_SERVER_SERVICE_LIMIT_H_

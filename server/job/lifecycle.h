// What each move does to a job's record, and the event that tells of it. Pure: every store applies these same functions
// to the record it holds, then writes record and event in one transaction.

#ifndef SPOOL_SERVER_JOB_LIFECYCLE_H_
#define SPOOL_SERVER_JOB_LIFECYCLE_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "spool/v1/event.pb.h"
#include "spool/v1/job.pb.h"

namespace spool::job {

// Each function changes `job` and returns its event, still without sequence and revision (see Stamp). When the state
// table forbids the move, they change nothing and return FailedPrecondition with a reason of job_service.proto.
// `position` is the place in the queue that the job gets, from 1.

// A new job: into the queue, or scheduled when its run_at lies ahead.
v1::Event Accept(v1::Job& job, int64_t position, absl::Time now);
// SCHEDULED -> QUEUED.
absl::StatusOr<v1::Event> ComeDue(v1::Job& job, int64_t position, absl::Time now);
// QUEUED -> RUNNING, one attempt more.
absl::StatusOr<v1::Event> Take(v1::Job& job, absl::Time now);
// RUNNING -> COMPLETED. A cancel that came too late loses.
absl::StatusOr<v1::Event> Complete(v1::Job& job, const v1::JobResult& result, absl::Time now);
// RUNNING -> SCHEDULED (to be tried again), FAILED, or CANCELLED if a cancel was asked for. `jitter` as in RetryDelay.
absl::StatusOr<v1::Event> FailAttempt(v1::Job& job, const v1::JobError& error, double jitter, absl::Time now);
// SCHEDULED or QUEUED -> FAILED, QUEUE_TIMEOUT.
absl::StatusOr<v1::Event> Expire(v1::Job& job, absl::Time now);

// How the server that ran the job ended.
enum class Interruption { kOrderly, kCrash };
// RUNNING -> QUEUED, the attempt not counted; FAILED (CRASH_LOOP) after too many crashes; CANCELLED if asked for.
absl::StatusOr<v1::Event> HandBack(v1::Job& job, int64_t position, Interruption interruption, absl::Time now);

// Waiting -> CANCELLED; RUNNING keeps its state and notes the wish. nullopt when that was so already.
absl::StatusOr<std::optional<v1::Event>> Cancel(v1::Job& job, absl::Time now);
// RUNNING -> CANCELLED: the worker is gone.
absl::StatusOr<v1::Event> FinishCancel(v1::Job& job, absl::Time now);
// FAILED or CANCELLED -> QUEUED.
absl::StatusOr<v1::Event> Retry(v1::Job& job, int64_t position, absl::Time now);
// A finished job's last event.
absl::StatusOr<v1::Event> Delete(v1::Job& job, absl::Time now);

// Gives the event its place in the log and in the job's history, in both records.
void Stamp(v1::Job& job, v1::Event& event, int64_t sequence);

// When a waiting job fails with QUEUE_TIMEOUT; InfiniteFuture when never (it has no limit, or was started before).
absl::Time ExpiryOf(const v1::Job& job);

}  // namespace spool::job

#endif  // SPOOL_SERVER_JOB_LIFECYCLE_H_

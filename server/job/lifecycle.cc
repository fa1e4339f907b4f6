#include "server/job/lifecycle.h"

#include "absl/strings/str_cat.h"
#include "server/base/errors.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"
#include "server/job/failure.h"
#include "server/job/retry_policy.h"
#include "server/job/transition.h"

namespace spool::job {
namespace {

v1::Event EventOf(const v1::Job& job, v1::EventType type, absl::Time now) {
  v1::Event event;
  event.set_job_id(job.id());
  event.set_type(type);
  *event.mutable_event_time() = ToProto(now);
  event.set_state(job.state());
  event.set_attempt(job.attempt());
  event.set_video_id(job.video_id());
  *event.mutable_labels() = job.labels();
  return event;
}

// The facts that every payload begins with.
template <typename Payload>
Payload* Fill(Payload* payload, const v1::Job& job) {
  payload->set_job_id(job.id());
  payload->set_type(job.type());
  payload->set_video_id(job.video_id());
  return payload;
}

v1::Event QueuedEvent(const v1::Job& job, int64_t position, v1::QueuedReason reason, absl::Time now) {
  v1::Event event = EventOf(job, v1::EVENT_TYPE_QUEUED, now);
  v1::JobQueued* payload = Fill(event.mutable_queued(), job);
  payload->set_queue_position(position);
  *payload->mutable_queued_at() = job.queued_at();
  payload->set_reason(reason);
  return event;
}

v1::Event CancelledEvent(v1::Job& job, absl::Time now) {
  *job.mutable_cancelled_at() = ToProto(now);
  v1::Event event = EventOf(job, v1::EVENT_TYPE_CANCELLED, now);
  *Fill(event.mutable_cancelled(), job)->mutable_cancelled_at() = job.cancelled_at();
  return event;
}

v1::Event FailedEvent(v1::Job& job, const v1::JobError& error, absl::Time now) {
  *job.mutable_error() = error;
  *job.mutable_failed_at() = ToProto(now);
  v1::Event event = EventOf(job, v1::EVENT_TYPE_FAILED, now);
  v1::JobFailed* payload = Fill(event.mutable_failed(), job);
  *payload->mutable_error() = error;
  *payload->mutable_queued_at() = job.queued_at();
  if (job.has_started_at()) *payload->mutable_started_at() = job.started_at();
  *payload->mutable_failed_at() = job.failed_at();
  return event;
}

// What an event tells of a result. The log is kept for long and sent to many: what only the job's reader needs, and
// what grows with the number of outputs, stays in the job's record.
v1::JobResult ForEvent(v1::JobResult result) {
  result.clear_plan();
  for (v1::OutputResult& output : *result.mutable_outputs()) {
    if (output.has_result()) {
      output.mutable_result()->clear_plan();
      output.mutable_result()->clear_streams();
    }
    if (output.has_error()) {
      output.mutable_error()->clear_stack();
      output.mutable_error()->clear_log_lines();
    }
  }
  return result;
}

// Moves the job as the state table says.
absl::Status Move(v1::Job& job, Trigger trigger) {
  SPOOL_ASSIGN_OR_RETURN(const v1::JobState next, Next(job.state(), trigger));
  job.set_state(next);
  return absl::OkStatus();
}

// The same for moves that callers ask for, with a reason that a program understands.
absl::Status MoveFor(v1::Job& job, Trigger trigger, absl::string_view reason) {
  if (absl::Status status = Move(job, trigger); !status.ok()) {
    return WithResource(Error(absl::StatusCode::kFailedPrecondition, reason, status.message(),
                              {{"jobId", job.id()}, {"state", std::string(NameOf(job.state()))}}),
                        "job", job.id());
  }
  return absl::OkStatus();
}

}  // namespace

v1::Event Accept(v1::Job& job, int64_t position, absl::Time now) {
  *job.mutable_queued_at() = ToProto(now);
  if (!job.has_run_at() || FromProto(job.run_at()) <= now) {
    job.set_state(v1::JOB_STATE_QUEUED);
    return QueuedEvent(job, position, v1::QUEUED_REASON_ENQUEUED, now);
  }
  job.set_state(v1::JOB_STATE_SCHEDULED);
  *job.mutable_next_attempt_at() = job.run_at();
  v1::Event event = EventOf(job, v1::EVENT_TYPE_SCHEDULED, now);
  v1::JobScheduled* payload = Fill(event.mutable_scheduled(), job);
  *payload->mutable_run_at() = job.run_at();
  *payload->mutable_queued_at() = job.queued_at();
  return event;
}

absl::StatusOr<v1::Event> ComeDue(v1::Job& job, int64_t position, absl::Time now) {
  SPOOL_RETURN_IF_ERROR(Move(job, Trigger::kComeDue));
  job.clear_next_attempt_at();
  return QueuedEvent(job, position, v1::QUEUED_REASON_DUE, now);
}

absl::StatusOr<v1::Event> Take(v1::Job& job, absl::Time now) {
  SPOOL_RETURN_IF_ERROR(Move(job, Trigger::kTake));
  job.set_attempt(job.attempt() + 1);
  *job.mutable_started_at() = ToProto(now);
  v1::Event event = EventOf(job, v1::EVENT_TYPE_STARTED, now);
  v1::JobStarted* payload = Fill(event.mutable_started(), job);
  *payload->mutable_started_at() = job.started_at();
  *payload->mutable_queued_at() = job.queued_at();
  return event;
}

absl::StatusOr<v1::Event> Complete(v1::Job& job, const v1::JobResult& result, absl::Time now) {
  SPOOL_RETURN_IF_ERROR(Move(job, Trigger::kComplete));
  *job.mutable_result() = result;
  job.set_output(result.output());
  job.clear_error();
  job.clear_cancel_requested_at();
  *job.mutable_completed_at() = ToProto(now);
  v1::Event event = EventOf(job, v1::EVENT_TYPE_COMPLETED, now);
  v1::JobCompleted* payload = Fill(event.mutable_completed(), job);
  *payload->mutable_result() = ForEvent(result);
  *payload->mutable_queued_at() = job.queued_at();
  *payload->mutable_started_at() = job.started_at();
  *payload->mutable_completed_at() = job.completed_at();
  *payload->mutable_duration() = ToProto(FromProto(job.completed_at()) - FromProto(job.started_at()));
  return event;
}

absl::StatusOr<v1::Event> FailAttempt(v1::Job& job, const v1::JobError& error, double jitter, absl::Time now) {
  if (job.has_cancel_requested_at()) return FinishCancel(job, now);
  v1::JobError told = error;
  told.set_attempt(job.attempt());
  const std::optional<absl::Duration> delay = RetryDelay(job, told, jitter);
  if (!delay.has_value()) {
    SPOOL_RETURN_IF_ERROR(Move(job, Trigger::kFail));
    return FailedEvent(job, told, now);
  }
  SPOOL_RETURN_IF_ERROR(Move(job, Trigger::kBackOff));
  *job.mutable_error() = told;
  *job.mutable_next_attempt_at() = ToProto(now + *delay);
  v1::Event event = EventOf(job, v1::EVENT_TYPE_RETRYING, now);
  v1::JobRetrying* payload = Fill(event.mutable_retrying(), job);
  *payload->mutable_error() = told;
  *payload->mutable_failed_at() = ToProto(now);
  *payload->mutable_next_attempt_at() = job.next_attempt_at();
  return event;
}

absl::StatusOr<v1::Event> Expire(v1::Job& job, absl::Time now) {
  SPOOL_RETURN_IF_ERROR(Move(job, Trigger::kFail));
  job.clear_next_attempt_at();
  return FailedEvent(
      job,
      MakeError(kQueueTimeout,
                absl::StrCat("waited longer than max_queue_time, ",
                             absl::FormatDuration(FromProto(job.limits().max_queue_time())), ", for a free slot")),
      now);
}

absl::StatusOr<v1::Event> HandBack(v1::Job& job, int64_t position, Interruption interruption, absl::Time now) {
  if (job.has_cancel_requested_at()) return FinishCancel(job, now);
  const bool crash = interruption == Interruption::kCrash;
  if (crash && job.interruptions() >= kMaxInterruptions) {
    SPOOL_RETURN_IF_ERROR(Move(job, Trigger::kFail));
    job.set_interruptions(job.interruptions() + 1);
    v1::JobError error = MakeError(
        kCrashLoop, absl::StrCat("the server died ", job.interruptions(), " times while this job was running"));
    error.set_attempt(job.attempt());
    return FailedEvent(job, error, now);
  }
  SPOOL_RETURN_IF_ERROR(Move(job, Trigger::kHandBack));
  if (crash) job.set_interruptions(job.interruptions() + 1);
  job.set_attempt(job.attempt() - 1);
  // `started_at` stays: it tells that the first wait is over, which max_queue_time limits.
  return QueuedEvent(job, position, v1::QUEUED_REASON_INTERRUPTED, now);
}

absl::StatusOr<std::optional<v1::Event>> Cancel(v1::Job& job, absl::Time now) {
  if (job.state() == v1::JOB_STATE_CANCELLED || job.has_cancel_requested_at()) return std::nullopt;
  if (job.state() == v1::JOB_STATE_RUNNING) {
    *job.mutable_cancel_requested_at() = ToProto(now);
    v1::Event event = EventOf(job, v1::EVENT_TYPE_CANCEL_REQUESTED, now);
    *Fill(event.mutable_cancel_requested(), job)->mutable_cancel_requested_at() = job.cancel_requested_at();
    return event;
  }
  SPOOL_RETURN_IF_ERROR(MoveFor(job, Trigger::kCancel, "JOB_TERMINAL"));
  job.clear_next_attempt_at();
  return CancelledEvent(job, now);
}

absl::StatusOr<v1::Event> FinishCancel(v1::Job& job, absl::Time now) {
  SPOOL_RETURN_IF_ERROR(Move(job, Trigger::kCancel));
  job.clear_cancel_requested_at();
  return CancelledEvent(job, now);
}

absl::StatusOr<v1::Event> Retry(v1::Job& job, int64_t position, absl::Time now) {
  SPOOL_RETURN_IF_ERROR(MoveFor(job, Trigger::kRetry, "JOB_NOT_RETRYABLE"));
  job.set_attempt(0);
  job.set_interruptions(0);
  job.clear_started_at();
  job.clear_failed_at();
  job.clear_cancelled_at();
  job.clear_error();
  *job.mutable_queued_at() = ToProto(now);
  return QueuedEvent(job, position, v1::QUEUED_REASON_RETRIED, now);
}

absl::StatusOr<v1::Event> Delete(v1::Job& job, absl::Time now) {
  if (!IsTerminal(job.state())) {
    return WithResource(Error(absl::StatusCode::kFailedPrecondition, "JOB_NOT_TERMINAL",
                              absl::StrCat("a ", NameOf(job.state()), " job cannot be deleted; cancel it first"),
                              {{"jobId", job.id()}, {"state", std::string(NameOf(job.state()))}}),
                        "job", job.id());
  }
  v1::Event event = EventOf(job, v1::EVENT_TYPE_DELETED, now);
  Fill(event.mutable_deleted(), job);
  return event;
}

void Stamp(v1::Job& job, v1::Event& event, int64_t sequence) {
  job.set_sequence(sequence);
  job.set_revision(job.revision() + 1);
  event.set_sequence(sequence);
  event.set_job_revision(job.revision());
}

absl::Time ExpiryOf(const v1::Job& job) {
  if (!job.limits().has_max_queue_time() || job.has_started_at()) return absl::InfiniteFuture();
  // A job with a run_at begins to wait when that comes.
  absl::Time since = FromProto(job.queued_at());
  if (job.has_run_at()) since = std::max(since, FromProto(job.run_at()));
  return since + FromProto(job.limits().max_queue_time());
}

}  // namespace spool::job

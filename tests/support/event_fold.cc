#include "tests/support/event_fold.h"

#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"

namespace spool::testing {
namespace {

bool IsTerminal(v1::JobState state) {
  return state == v1::JOB_STATE_COMPLETED || state == v1::JOB_STATE_FAILED || state == v1::JOB_STATE_CANCELLED;
}

bool IsOneOf(v1::JobState state, std::initializer_list<v1::JobState> states) {
  for (const v1::JobState each : states) {
    if (state == each) return true;
  }
  return false;
}

// Whether this event may happen to a job in this state; UNSPECIFIED: there is no such job yet.
bool MayHappen(const v1::Event& event, v1::JobState from) {
  switch (event.payload_case()) {
    case v1::Event::kQueued:
      switch (event.queued().reason()) {
        case v1::QUEUED_REASON_ENQUEUED:
          return from == v1::JOB_STATE_UNSPECIFIED;
        case v1::QUEUED_REASON_DUE:
          return from == v1::JOB_STATE_SCHEDULED;
        case v1::QUEUED_REASON_INTERRUPTED:
          return from == v1::JOB_STATE_RUNNING;
        case v1::QUEUED_REASON_RETRIED:
          return IsOneOf(from, {v1::JOB_STATE_FAILED, v1::JOB_STATE_CANCELLED});
        default:
          return false;
      }
    case v1::Event::kScheduled:
      return from == v1::JOB_STATE_UNSPECIFIED;
    case v1::Event::kStarted:
      return from == v1::JOB_STATE_QUEUED;
    case v1::Event::kCompleted:
    case v1::Event::kRetrying:
    case v1::Event::kCancelRequested:
      return from == v1::JOB_STATE_RUNNING;
    case v1::Event::kFailed:
    case v1::Event::kCancelled:
      return IsOneOf(from, {v1::JOB_STATE_SCHEDULED, v1::JOB_STATE_QUEUED, v1::JOB_STATE_RUNNING});
    case v1::Event::kDeleted:
      return IsTerminal(from);
    case v1::Event::PAYLOAD_NOT_SET:
      return false;
  }
  return false;
}

// The state that the event's payload leads to.
v1::JobState StateAfter(const v1::Event& event, v1::JobState from) {
  switch (event.payload_case()) {
    case v1::Event::kQueued:
      return v1::JOB_STATE_QUEUED;
    case v1::Event::kScheduled:
    case v1::Event::kRetrying:
      return v1::JOB_STATE_SCHEDULED;
    case v1::Event::kStarted:
      return v1::JOB_STATE_RUNNING;
    case v1::Event::kCompleted:
      return v1::JOB_STATE_COMPLETED;
    case v1::Event::kFailed:
      return v1::JOB_STATE_FAILED;
    case v1::Event::kCancelled:
      return v1::JOB_STATE_CANCELLED;
    default:
      return from;
  }
}

v1::EventType TypeOf(const v1::Event& event) {
  switch (event.payload_case()) {
    case v1::Event::kQueued:
      return v1::EVENT_TYPE_QUEUED;
    case v1::Event::kScheduled:
      return v1::EVENT_TYPE_SCHEDULED;
    case v1::Event::kStarted:
      return v1::EVENT_TYPE_STARTED;
    case v1::Event::kCompleted:
      return v1::EVENT_TYPE_COMPLETED;
    case v1::Event::kFailed:
      return v1::EVENT_TYPE_FAILED;
    case v1::Event::kRetrying:
      return v1::EVENT_TYPE_RETRYING;
    case v1::Event::kCancelled:
      return v1::EVENT_TYPE_CANCELLED;
    case v1::Event::kDeleted:
      return v1::EVENT_TYPE_DELETED;
    case v1::Event::kCancelRequested:
      return v1::EVENT_TYPE_CANCEL_REQUESTED;
    case v1::Event::PAYLOAD_NOT_SET:
      break;
  }
  return v1::EVENT_TYPE_UNSPECIFIED;
}

int AttemptAfter(const v1::Event& event, int attempt) {
  if (event.has_started()) return attempt + 1;
  if (event.has_queued() && event.queued().reason() == v1::QUEUED_REASON_INTERRUPTED) return attempt - 1;
  if (event.has_queued() && event.queued().reason() == v1::QUEUED_REASON_RETRIED) return 0;
  return attempt;
}

void ApplyQueued(const v1::JobQueued& queued, v1::Job& job) {
  *job.mutable_queued_at() = queued.queued_at();
  job.clear_next_attempt_at();
  if (queued.reason() == v1::QUEUED_REASON_RETRIED) {
    job.clear_started_at();
    job.clear_failed_at();
    job.clear_cancelled_at();
    job.clear_error();
  }
}

void ApplyPayload(const v1::Event& event, v1::Job& job) {
  switch (event.payload_case()) {
    case v1::Event::kQueued:
      ApplyQueued(event.queued(), job);
      break;
    case v1::Event::kScheduled:
      *job.mutable_queued_at() = event.scheduled().queued_at();
      *job.mutable_next_attempt_at() = event.scheduled().run_at();
      break;
    case v1::Event::kStarted:
      *job.mutable_started_at() = event.started().started_at();
      break;
    case v1::Event::kCompleted:
      *job.mutable_result() = event.completed().result();
      *job.mutable_completed_at() = event.completed().completed_at();
      job.clear_error();
      job.clear_cancel_requested_at();
      break;
    case v1::Event::kFailed:
      *job.mutable_error() = event.failed().error();
      *job.mutable_failed_at() = event.failed().failed_at();
      job.clear_next_attempt_at();
      break;
    case v1::Event::kRetrying:
      *job.mutable_error() = event.retrying().error();
      *job.mutable_next_attempt_at() = event.retrying().next_attempt_at();
      break;
    case v1::Event::kCancelled:
      *job.mutable_cancelled_at() = event.cancelled().cancelled_at();
      job.clear_next_attempt_at();
      job.clear_cancel_requested_at();
      break;
    case v1::Event::kCancelRequested:
      *job.mutable_cancel_requested_at() = event.cancel_requested().cancel_requested_at();
      break;
    case v1::Event::kDeleted:
    case v1::Event::PAYLOAD_NOT_SET:
      break;
  }
}

absl::Status Wrong(const v1::Event& event, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat(what, ": ", event.ShortDebugString()));
}

}  // namespace

absl::Status EventFold::Add(const v1::Event& event) {
  if (event.sequence() <= sequence_) return Wrong(event, absl::StrCat("sequence does not follow ", sequence_));
  if (event.type() != TypeOf(event)) return Wrong(event, "type is not that of the payload");
  const auto known = jobs_.find(event.job_id());
  v1::Job job = known == jobs_.end() ? v1::Job() : known->second;
  if (event.job_revision() != job.revision() + 1) {
    return Wrong(event, absl::StrCat("revision does not follow ", job.revision()));
  }
  if (!MayHappen(event, job.state())) {
    return Wrong(event, absl::StrCat("cannot happen to a job in ", v1::JobState_Name(job.state())));
  }
  if (event.state() != StateAfter(event, job.state())) return Wrong(event, "state is not what the payload leads to");
  if (event.attempt() != AttemptAfter(event, job.attempt())) {
    return Wrong(event, absl::StrCat("attempt does not follow ", job.attempt()));
  }

  job.set_id(event.job_id());
  job.set_state(event.state());
  job.set_attempt(event.attempt());
  job.set_revision(event.job_revision());
  job.set_sequence(event.sequence());
  job.set_video_id(event.video_id());
  *job.mutable_labels() = event.labels();
  ApplyPayload(event, job);
  sequence_ = event.sequence();
  if (event.has_deleted()) {
    jobs_.erase(event.job_id());
  } else {
    jobs_[event.job_id()] = std::move(job);
  }
  return absl::OkStatus();
}

void EventFold::Adopt(const v1::Job& job) { jobs_[job.id()] = WhatEventsTell(job); }

absl::Status EventFold::Check(const v1::Job& job) const {
  const auto known = jobs_.find(job.id());
  if (known == jobs_.end()) return absl::InternalError(absl::StrCat("no event tells of job ", job.id()));
  std::string difference;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&difference);
  if (differencer.Compare(known->second, WhatEventsTell(job))) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("job ", job.id(), " is not what its events say:\n", difference));
}

v1::Job WhatEventsTell(v1::Job job) {
  job.clear_type();
  job.clear_spec();
  job.clear_input();
  job.clear_output();
  job.clear_priority();
  job.clear_retry_policy();
  job.clear_limits();
  job.clear_run_at();
  job.clear_progress();
  job.clear_queue_position();
  job.clear_interruptions();
  job.clear_preset();
  if (!job.has_result()) return job;
  job.mutable_result()->clear_plan();
  for (v1::OutputResult& output : *job.mutable_result()->mutable_outputs()) {
    if (output.has_result()) output.mutable_result()->clear_streams();
    if (output.has_error()) {
      output.mutable_error()->clear_stack();
      output.mutable_error()->clear_log_lines();
    }
  }
  return job;
}

}  // namespace spool::testing

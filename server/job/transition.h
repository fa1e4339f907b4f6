// The one table of what may follow what. Stores repeat the guard inside their writes; nothing else decides it.

#ifndef SPOOL_SERVER_JOB_TRANSITION_H_
#define SPOOL_SERVER_JOB_TRANSITION_H_

#include <array>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "spool/v1/job.pb.h"

namespace spool::job {

// What happens to a job.
enum class Trigger {
  kComeDue,   // its time, or the end of its backoff, came
  kTake,      // a slot takes it
  kComplete,  // the attempt made its output
  kFail,      // given up: not retryable, or no retries left, or waited too long
  kBackOff,   // the attempt failed and another will follow
  kHandBack,  // the attempt was interrupted by the server's own end
  kCancel,    // a waiting job is cancelled, or the worker of a cancelled one is gone
  kRetry,     // somebody wants a failed or cancelled job tried again
};
inline constexpr std::array kAllTriggers = {Trigger::kComeDue, Trigger::kTake,     Trigger::kComplete, Trigger::kFail,
                                            Trigger::kBackOff, Trigger::kHandBack, Trigger::kCancel,   Trigger::kRetry};

struct Transition {
  v1::JobState from;
  Trigger trigger;
  v1::JobState to;
};

// Every legal move. What is not here is refused.
inline constexpr std::array kTransitions = {
    Transition{v1::JOB_STATE_SCHEDULED, Trigger::kComeDue, v1::JOB_STATE_QUEUED},
    Transition{v1::JOB_STATE_SCHEDULED, Trigger::kCancel, v1::JOB_STATE_CANCELLED},
    Transition{v1::JOB_STATE_SCHEDULED, Trigger::kFail, v1::JOB_STATE_FAILED},
    Transition{v1::JOB_STATE_QUEUED, Trigger::kTake, v1::JOB_STATE_RUNNING},
    Transition{v1::JOB_STATE_QUEUED, Trigger::kCancel, v1::JOB_STATE_CANCELLED},
    Transition{v1::JOB_STATE_QUEUED, Trigger::kFail, v1::JOB_STATE_FAILED},
    Transition{v1::JOB_STATE_RUNNING, Trigger::kComplete, v1::JOB_STATE_COMPLETED},
    Transition{v1::JOB_STATE_RUNNING, Trigger::kFail, v1::JOB_STATE_FAILED},
    Transition{v1::JOB_STATE_RUNNING, Trigger::kBackOff, v1::JOB_STATE_SCHEDULED},
    Transition{v1::JOB_STATE_RUNNING, Trigger::kHandBack, v1::JOB_STATE_QUEUED},
    Transition{v1::JOB_STATE_RUNNING, Trigger::kCancel, v1::JOB_STATE_CANCELLED},
    Transition{v1::JOB_STATE_FAILED, Trigger::kRetry, v1::JOB_STATE_QUEUED},
    Transition{v1::JOB_STATE_CANCELLED, Trigger::kRetry, v1::JOB_STATE_QUEUED},
};

// The state after it. FailedPrecondition names the state and the trigger.
absl::StatusOr<v1::JobState> Next(v1::JobState from, Trigger trigger);

// COMPLETED, FAILED or CANCELLED.
bool IsTerminal(v1::JobState state);

// "QUEUED", "take": for messages.
absl::string_view NameOf(v1::JobState state);
absl::string_view NameOf(Trigger trigger);

}  // namespace spool::job

#endif  // SPOOL_SERVER_JOB_TRANSITION_H_

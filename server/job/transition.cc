#include "server/job/transition.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace spool::job {

absl::StatusOr<v1::JobState> Next(v1::JobState from, Trigger trigger) {
  for (const Transition& t : kTransitions) {
    if (t.from == from && t.trigger == trigger) return t.to;
  }
  return absl::FailedPreconditionError(absl::StrCat("a ", NameOf(from), " job cannot ", NameOf(trigger)));
}

bool IsTerminal(v1::JobState state) {
  return state == v1::JOB_STATE_COMPLETED || state == v1::JOB_STATE_FAILED || state == v1::JOB_STATE_CANCELLED;
}

absl::string_view NameOf(v1::JobState state) { return absl::StripPrefix(v1::JobState_Name(state), "JOB_STATE_"); }

absl::string_view NameOf(Trigger trigger) {
  switch (trigger) {
    case Trigger::kComeDue:
      return "come due";
    case Trigger::kTake:
      return "be taken";
    case Trigger::kComplete:
      return "complete";
    case Trigger::kFail:
      return "fail";
    case Trigger::kBackOff:
      return "back off";
    case Trigger::kHandBack:
      return "be handed back";
    case Trigger::kCancel:
      return "be cancelled";
    case Trigger::kRetry:
      return "be retried";
  }
  return "";
}

}  // namespace spool::job

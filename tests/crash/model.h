// What clients asked for, what they were answered, and whether a log can be true after that.

#ifndef SPOOL_TESTS_CRASH_MODEL_H_
#define SPOOL_TESTS_CRASH_MODEL_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "spool/v1/event.pb.h"
#include "spool/v1/job.pb.h"

namespace spool::testing {

// Knows of the implementation nothing but the API's words. A call is known to have happened, known not to have
// happened, or unknown: asked, and never answered. The log must have every call of the first kind, none of the second,
// each of the third once at most, and nothing that nobody asked for. Thread-safe.
class Model {
 public:
  enum class Kind { kEnqueue, kCancel, kRetry, kDelete };
  using Call = size_t;

  // Before the request leaves.
  Call Invoke(Kind kind, const std::string& job_id) ABSL_LOCKS_EXCLUDED(mu_);
  // The answer: this job, changed by the call (for Enqueue: CREATED).
  void Done(Call call, const v1::Job& job) ABSL_LOCKS_EXCLUDED(mu_);
  // The answer: the job, which was there already (EXISTING), or was as asked for.
  void WasSo(Call call, const v1::Job& job) ABSL_LOCKS_EXCLUDED(mu_);
  // The answer to a Delete: the job is gone.
  void Deleted(Call call) ABSL_LOCKS_EXCLUDED(mu_);
  // The answer: refused, for this reason.
  void Refused(Call call, absl::string_view reason) ABSL_LOCKS_EXCLUDED(mu_);
  // One of the latest jobs known to exist, or asked for; `pick` chooses. Empty: there is none.
  std::string AnyJob(size_t pick) const ABSL_LOCKS_EXCLUDED(mu_);
  // Any job whose Enqueue was answered, so that nobody will send it again; deleted ones among them. Empty: there is
  // none.
  std::string AnyEnqueuedJob(size_t pick) const ABSL_LOCKS_EXCLUDED(mu_);
  // Jobs that were acknowledged, deleted ones among them.
  std::set<std::string> AcknowledgedJobs() const ABSL_LOCKS_EXCLUDED(mu_);
  size_t calls() const ABSL_LOCKS_EXCLUDED(mu_);

  // What in `log`, from sequence 1 on, contradicts the calls; empty: nothing. No call may be under way.
  std::vector<std::string> Judge(const std::vector<v1::Event>& log) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  enum class Outcome { kUnknown, kDone, kWasSo, kRefused };
  struct Record {
    Kind kind;
    std::string job_id;
    // Whether the job had been acknowledged when the call was made.
    bool after_acknowledgement;
    Outcome outcome = Outcome::kUnknown;
    // How many calls had been made when the answer came: those are the ones that can have taken effect before it.
    size_t answered = 0;
    std::string reason;
    // Of the job answered.
    int64_t sequence = 0;
    int64_t revision = 0;
    v1::JobState state = v1::JOB_STATE_UNSPECIFIED;
  };
  void Settle(Call call, Outcome outcome, const v1::Job* job, absl::string_view reason);
  // What the deletions that were asked for say against the other calls.
  void JudgeDeletions(const std::set<std::string>& deleted_in_log, std::vector<std::string>& wrong) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable absl::Mutex mu_;
  std::vector<Record> records_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> jobs_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> enqueued_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> acknowledged_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spool::testing

#endif  // SPOOL_TESTS_CRASH_MODEL_H_

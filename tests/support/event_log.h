// The log itself, as ListEvents shows it: the truth by which what streams brought is judged.

#ifndef SPOOL_TESTS_SUPPORT_EVENT_LOG_H_
#define SPOOL_TESTS_SUPPORT_EVENT_LOG_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "spool/v1/event.pb.h"
#include "spool/v1/job.pb.h"
#include "spool/v1/job_service.grpc.pb.h"
#include "tests/support/event_fold.h"
#include "tests/support/feed_validator.h"

namespace spool::testing {

// Everything of one log that was ever read: also what retention has removed since. Not thread-safe.
class EventLog {
 public:
  enum class Again {
    kSome,  // reads the last stretch again too
    kAll,   // everything that is still there
  };
  // Reads on to the head. FailedPrecondition: an event is not what it was (P2), one that was read is gone from the head
  // (P1), pages have holes, or the history makes no sense (EventFold). Other errors are the call's.
  absl::Status ReadOn(v1::JobService::StubInterface* stub, Again again = Again::kSome);

  // That the feed brought, of what it says it covered, exactly what its filter matches, and the same (P4); and that
  // each snapshot is the fold of the log up to its commit (P9). Must have been read up to where the feed is.
  // What was gone before the first ReadOn cannot be judged and is left out.
  absl::Status Judge(const FeedValidator& feed) const;
  // That the job is what the log says, unless it has moved on since the log was read.
  absl::Status Judge(const v1::Job& job) const;

  // The events from first() to last(), without holes.
  const std::vector<v1::Event>& events() const { return events_; }
  int64_t first() const { return events_.empty() ? 1 : events_.front().sequence(); }
  int64_t last() const { return events_.empty() ? 0 : events_.back().sequence(); }
  // Of all that was read; makes no sense if the log did not begin with 1.
  const EventFold& fold() const { return fold_; }

 private:
  absl::Status Take(const v1::Event& event);
  absl::Status JudgeSnapshot(const FeedValidator& feed, const FeedValidator::Snapshot& snapshot) const;

  std::vector<v1::Event> events_;
  EventFold fold_;
  // Of some earlier moment, so that not every snapshot needs the whole log folded again.
  mutable EventFold earlier_;
};

}  // namespace spool::testing

#endif  // SPOOL_TESTS_SUPPORT_EVENT_LOG_H_

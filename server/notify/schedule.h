// Which of one target's deliveries goes next, and when.

#ifndef SPOOL_SERVER_NOTIFY_SCHEDULE_H_
#define SPOOL_SERVER_NOTIFY_SCHEDULE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace spool::notify {

// Holds the ids of a target's pending deliveries. No threads, no disk. Not thread-safe.
class Schedule {
 public:
  virtual ~Schedule() = default;

  // One more, after all that are there.
  virtual void Add(int64_t id, const std::string& job_id, absl::Time due) = 0;
  // Deliveries that may be sent now, as one message, oldest first; they are under way until they are done or put back.
  // Empty: none may.
  virtual std::vector<int64_t> Take(absl::Time now) = 0;
  // It was taken by its receiver at `now`, or given up.
  enum class End { kDelivered, kGivenUp };
  virtual void Done(const std::vector<int64_t>& ids, End end, absl::Time now) = 0;
  // One that was under way waits until `due`.
  virtual void PutBack(int64_t id, absl::Time due) = 0;
  // One that waits is due at once.
  virtual void MakeDue(int64_t id) = 0;
  // When Take should be asked again, if nothing else happens; InfiniteFuture: never.
  virtual absl::Time NextDue(absl::Time now) const = 0;
  // All that are not done, and those under way among them.
  virtual int size() const = 0;
  virtual int under_way() const = 0;
};

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_SCHEDULE_H_

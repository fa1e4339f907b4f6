// How many jobs wait ahead of one, without counting rows.

#ifndef SPOOL_SERVER_STORE_SQLITE_QUEUE_INDEX_H_
#define SPOOL_SERVER_STORE_SQLITE_QUEUE_INDEX_H_

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_map.h"
#include "server/base/mutex.h"

namespace spool::store {

// The places of queued jobs, by priority: a bit for each, and above the words of 64 bits three floors of counts, each
// of 64 times as many places. A position is the sum of at most 63 nodes a floor; of the top one, at most a node for
// each 16 million places. A million waiting jobs side by side were measured to need 0.3 MB, one for each 64 places
// 19 MB, one for each 4096 places 38 MB. Thread-safe.
class QueueIndex {
 public:
  // Places that one word holds.
  static constexpr int64_t kWord = 64;

  // A priority is any number; a place is the sequence of an event, 0 or more. Adding what is there, and removing what
  // is not, changes nothing.
  void Add(int priority, int64_t place);
  void Remove(int priority, int64_t place);

  // Those that queued jobs have.
  std::vector<int> Priorities() const;

  // Jobs that are taken before any new job of this priority.
  int64_t AheadOfNew(int priority) const;

  // Jobs that are taken before one of this priority at this place.
  int64_t AheadOf(int priority, int64_t place) const;

 private:
  static constexpr int kFloors = 3;
  static constexpr int kBits = 6;  // of a place, for each floor

  // Of one priority.
  struct Line {
    int64_t total = 0;
    // By place >> kBits; none of them is 0.
    absl::btree_map<int64_t, uint64_t> words;
    // counts[i] by place >> (kBits * (i + 2)); none of them is 0.
    std::array<absl::btree_map<int64_t, int64_t>, kFloors> counts;

    void Count(int64_t place, int64_t change);
    int64_t Before(int64_t place) const;
  };
  mutable Mutex mu_;
  std::map<int, Line> lines_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spool::store

#endif  // SPOOL_SERVER_STORE_SQLITE_QUEUE_INDEX_H_

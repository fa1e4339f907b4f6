// How many jobs wait ahead of one, without counting rows.

#ifndef SPOOL_SERVER_STORE_SQLITE_QUEUE_INDEX_H_
#define SPOOL_SERVER_STORE_SQLITE_QUEUE_INDEX_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "server/base/mutex.h"

namespace spool::store {

// Counts of queued jobs by priority and by blocks of 1024 places. A million waiting jobs need some tens of kilobytes,
// and a position costs a sum over blocks plus a count of at most one block's rows, which the caller does by index.
// Thread-safe.
class QueueIndex {
 public:
  static constexpr int64_t kBlock = 1024;

  void Add(int priority, int64_t place, int64_t count = 1);
  void Remove(int priority, int64_t place) { Add(priority, place, -1); }

  // Those that queued jobs have.
  std::vector<int> Priorities() const;

  // Jobs that are taken before any new job of this priority.
  int64_t AheadOfNew(int priority) const;

  struct Ahead {
    // Jobs in blocks before that of the place, and of higher priorities.
    int64_t whole = 0;
    // Those of the same priority with a place in [block_start, place) are still to be counted.
    int64_t block_start = 0;
  };
  Ahead AheadOf(int priority, int64_t place) const;

 private:
  struct Level {
    int64_t total = 0;
    std::map<int64_t, int64_t> blocks;
  };
  mutable Mutex mu_;
  std::map<int, Level> levels_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spool::store

#endif  // SPOOL_SERVER_STORE_SQLITE_QUEUE_INDEX_H_

// Inputs that workers die of.

#ifndef SPOOL_SERVER_EXECUTOR_QUARANTINE_H_
#define SPOOL_SERVER_EXECUTOR_QUARANTINE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "server/base/mutex.h"

namespace spool::executor {

// One content of one file. A file that is written anew is another input.
struct InputIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  int64_t size = 0;
  int64_t changed_nanos = 0;

  static absl::StatusOr<InputIdentity> Of(int fd);

  friend bool operator==(const InputIdentity&, const InputIdentity&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const InputIdentity& id) {
    return H::combine(std::move(h), id.device, id.inode, id.size, id.changed_nanos);
  }
};

// Counts the workers that each input killed, whichever jobs they ran for. Lives as long as the process. Thread-safe.
class Quarantine {
 public:
  static constexpr int kMostDeaths = 3;

  // Remembers the latest `max_inputs` inputs that killed a worker.
  explicit Quarantine(size_t max_inputs = 1000) : max_inputs_(max_inputs) {}

  // A worker died on this input. Whether it is now in quarantine.
  bool AddDeath(const InputIdentity& input) ABSL_LOCKS_EXCLUDED(mu_);
  bool Holds(const InputIdentity& input) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Deaths {
    int count = 0;
    // Its place in order_.
    std::list<InputIdentity>::iterator place;
  };

  const size_t max_inputs_;
  mutable Mutex mu_;
  absl::flat_hash_map<InputIdentity, Deaths> deaths_ ABSL_GUARDED_BY(mu_);
  // The one whose last death is longest ago first.
  std::list<InputIdentity> order_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spool::executor

#endif  // SPOOL_SERVER_EXECUTOR_QUARANTINE_H_

// What a child gives up before it touches a stranger's file.

#ifndef SPOOL_SERVER_WORKER_SANDBOX_H_
#define SPOOL_SERVER_WORKER_SANDBOX_H_

#include <linux/filter.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace spool::worker {

// The one descriptor that a sandboxed child may send messages over.
inline constexpr int kJobSocketFd = 3;

struct ResourceLimits {
  // Zero means no limit.
  int64_t max_output_bytes = 0;
  int64_t max_cpu_seconds = 0;
  int64_t max_memory_bytes = 0;
};

// No namespaces: making them takes 0.1 ms to 0.5 ms a child (a network's up to 4 ms), and all that they would hide is
// out of reach already, by filters that cost nothing.
//
// Made once in the zygote; entered by each child. What the kernel lacks is left out, and missing() says so.
class Sandbox {
 public:
  static absl::StatusOr<Sandbox> Create();

  // No file system, no network, no new processes or programs, from here to the end of this process. Call while it has
  // one thread.
  absl::Status Enter(const ResourceLimits& limits) const;

  // Layers that this kernel does not have, for people; empty when all are there.
  const std::vector<std::string>& missing() const { return missing_; }

 private:
  Sandbox() = default;

  std::vector<sock_filter> filter_;
  // 0: the kernel has none.
  int landlock_abi_ = 0;
  std::vector<std::string> missing_;
};

}  // namespace spool::worker

#endif  // SPOOL_SERVER_WORKER_SANDBOX_H_

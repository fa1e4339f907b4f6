// Places at which a test may have the process die, as if its power was cut there.

#ifndef SPOOL_SERVER_BASE_FAILPOINT_H_
#define SPOOL_SERVER_BASE_FAILPOINT_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace spool {

// A failpoint can do nothing but end the process with SIGKILL, which every promise of the server has to bear anyway.
// Without SPOOL_FAILPOINT in the environment each is one comparison.
enum class FailPoint {
  kNone,
  kBeforeCommit,    // "before-commit": a transaction is written, not committed
  kAfterCommit,     // "after-commit": it is durable, and nobody knows
  kBeforeAnswer,    // "before-answer": subscribers may know, the callers do not
  kBeforeWake,      // "before-wake": the feed has it, its readers sleep
  kBeforeComplete,  // "before-complete": the output has its final name, the job runs on
  kInSnapshot,      // "in-snapshot": a part of a snapshot was sent
  kInCompaction,    // "in-compaction": events are deleted, not committed
  kInMigration,     // "in-migration": the schema is changed, not committed
  kBeforeRecord,    // "before-record": a receiver took a notification, and that is not written down
};

// Reads SPOOL_FAILPOINT, "NAME" or "NAME:COUNT": die at the COUNT-th time (default 1) that the place is passed.
// InvalidArgument if it makes no sense, so that a misspelt name cannot make a test pass. Call before threads start.
absl::Status ArmFailPoint();
// The name of what is armed; empty: nothing.
absl::string_view ArmedFailPoint();

namespace internal {
extern FailPoint armed_fail_point;
void PassFailPoint();
}  // namespace internal

inline void Pass(FailPoint point) {
  if (internal::armed_fail_point == point) internal::PassFailPoint();
}

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_FAILPOINT_H_

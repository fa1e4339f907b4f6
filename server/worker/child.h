// A forked child: takes one order, does it, reports, and is gone.

#ifndef SPOOL_SERVER_WORKER_CHILD_H_
#define SPOOL_SERVER_WORKER_CHILD_H_

#include "server/worker/faults.h"
#include "server/worker/sandbox.h"

namespace spool::worker {

// Where a child finds its descriptors; kJobSocketFd (3) is the job socket. It has no others but 0 to 2, which are
// /dev/null.
inline constexpr int kInputFd = 4;
inline constexpr int kCrashFd = 5;
// The first output; the others follow it.
inline constexpr int kFirstOutputFd = 6;

// Never returns. Exit code 0: a final report was sent.
[[noreturn]] void RunChild(const Sandbox& sandbox, const ResourceLimits& limits, Faults faults);

}  // namespace spool::worker

#endif  // SPOOL_SERVER_WORKER_CHILD_H_

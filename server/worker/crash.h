// How a crashing child tells where it was. The child can do little by then, so it sends bare addresses; the zygote,
// whose memory map is the same because it forked the child, puts names to them.

#ifndef SPOOL_SERVER_WORKER_CRASH_H_
#define SPOOL_SERVER_WORKER_CRASH_H_

#include <string>

namespace spool::worker {

// Zygote, once, before it forks: loads the unwinder and the symbolizer.
void PrepareForCrashes(const char* program);

// Child: from now on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write the call stack to `fd` before they kill.
void ReportCrashesTo(int fd);

// Zygote: what a dead child wrote to the pipe that `fd` reads, one frame a line; empty if it wrote nothing, or not what
// ReportCrashesTo writes. Never blocks if `fd` does not.
std::string ReadCrash(int fd);

}  // namespace spool::worker

#endif  // SPOOL_SERVER_WORKER_CRASH_H_

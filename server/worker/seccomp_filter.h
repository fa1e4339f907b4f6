// The system calls that a child may make.

#ifndef SPOOL_SERVER_WORKER_SECCOMP_FILTER_H_
#define SPOOL_SERVER_WORKER_SECCOMP_FILTER_H_

#include <linux/filter.h>

#include <vector>

#include "absl/status/statusor.h"

namespace spool::worker {

// A program for seccomp(2): what codecs, memory and threads need is allowed; what libraries try and can do without
// fails with an error; anything else kills the process.
absl::StatusOr<std::vector<sock_filter>> BuildSeccompFilter();

}  // namespace spool::worker

#endif  // SPOOL_SERVER_WORKER_SECCOMP_FILTER_H_

// What the kernel says of a running process.

#ifndef SPOOL_TESTS_SUPPORT_PROCESS_FACTS_H_
#define SPOOL_TESTS_SUPPORT_PROCESS_FACTS_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace spool::testing {

struct ProcessFacts {
  int64_t resident_bytes = 0;
  int64_t descriptors = 0;
  int64_t threads = 0;
  // User and system time of all its threads, ended ones too; in steps of 10 ms.
  absl::Duration cpu;
};

// NotFound: there is no such process, or it has ended.
absl::StatusOr<ProcessFacts> FactsOf(pid_t pid);

}  // namespace spool::testing

#endif  // SPOOL_TESTS_SUPPORT_PROCESS_FACTS_H_

// Misbehaviour on request, for tests of those who have to live with it.

#ifndef SPOOL_SERVER_WORKER_FAULTS_H_
#define SPOOL_SERVER_WORKER_FAULTS_H_

#include "absl/strings/string_view.h"

namespace spool::worker {

// Whether orders may name faults. Off unless the zygote was started with --test_faults, which spoold never does by
// itself.
enum class Faults { kOff, kOn };

// Commits the fault that `name` (an order's input_extension) names, if it names one:
//   test-segv, test-abort, test-overflow  crash
//   test-exit                             exits without a report, code 7
//   test-spin                             burns CPU for ever, reporting nothing
//   test-hang                             sleeps for ever
//   test-exec                             tries to start a program
//   test-memory                           allocates and touches memory without end
void MaybeCommitFault(absl::string_view name);

}  // namespace spool::worker

#endif  // SPOOL_SERVER_WORKER_FAULTS_H_

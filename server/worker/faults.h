// Misbehaviour on request, for tests of those who have to live with it.

#ifndef SPOOL_SERVER_WORKER_FAULTS_H_
#define SPOOL_SERVER_WORKER_FAULTS_H_

#include "absl/strings/string_view.h"

namespace spool::worker {

// Whether orders may name faults. Off unless the zygote was started with --test_faults, which spoold never does by
// itself.
enum class Faults { kOff, kOn };

// Commits the fault that `name` (an order's input_extension) names, if it names one:
//   testsegv, testabort, testoverflow    crash
//   testfiles                            logs which descriptors and how many variables it has
//   testexit                             exits without a report, code 7
//   testspin                             burns CPU for ever, reporting nothing
//   testhang                             sleeps for ever
//   testexec                             tries to start a program
//   testmemory                           allocates and touches memory without end
// Committed before the input is opened, or, with one of these words before the name, later:
//   planned   the plan is made and told, nothing is decoded yet
//   moving    with the first progress, which comes from a muxer's thread
//   half      with the first progress of a half and more: of two passes, the second
//   late      the output is written and checked, but not reported yet
void MaybeCommitFault(absl::string_view name);

}  // namespace spool::worker

#endif  // SPOOL_SERVER_WORKER_FAULTS_H_

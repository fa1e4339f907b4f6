// Where the program spool-worker lies.

#ifndef SPOOL_SERVER_APP_WORKER_PROGRAM_H_
#define SPOOL_SERVER_APP_WORKER_PROGRAM_H_

#include <string>

#include "absl/strings/string_view.h"

namespace spool::app {

// The worker of a server that lies in `folder`: beside it, where the build puts it, or, for an installed server in
// PREFIX/bin or PREFIX/sbin, PREFIX/lib/spool. The first place when there is none: whoever starts it says so.
std::string FindWorker(absl::string_view folder);

// --worker, or that of this process.
std::string WorkerProgram();

}  // namespace spool::app

#endif  // SPOOL_SERVER_APP_WORKER_PROGRAM_H_

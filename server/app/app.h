// spoold: from flags to a serving process, and back.

#ifndef SPOOL_SERVER_APP_APP_H_
#define SPOOL_SERVER_APP_APP_H_

#include "absl/status/status.h"

namespace spool::app {

// Starts everything that the flags ask for, prints the ready line
//   spoold ready grpc=HOST:PORT http=HOST:PORT
// to standard output, and serves until SIGTERM or SIGINT. Then: takes no more jobs, lets running ones finish for
// --drain_timeout (a second signal ends that wait), hands the rest back, ends the streams with their last coverage.
// OK after an orderly stop; otherwise why it cannot start.
absl::Status Run();

}  // namespace spool::app

#endif  // SPOOL_SERVER_APP_APP_H_

// Who may reach a port that has no lock.

#ifndef SPOOL_SERVER_APP_ADDRESS_H_
#define SPOOL_SERVER_APP_ADDRESS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace spool::app {

// OK if host:port can be reached from this machine only: 127.0.0.0/8, [::1] or localhost. FailedPrecondition otherwise,
// with the flag that allows it in so many words; InvalidArgument if it is not host:port.
absl::Status CheckLoopback(absl::string_view flag, absl::string_view address);

}  // namespace spool::app

#endif  // SPOOL_SERVER_APP_ADDRESS_H_

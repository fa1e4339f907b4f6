// Who may reach a port that has no lock.

#ifndef SPOOL_SERVER_APP_ADDRESS_H_
#define SPOOL_SERVER_APP_ADDRESS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace spool::app {

// What stands between the network and the jobs.
struct Protection {
  // Nobody on the way reads or changes what is said.
  bool tls = false;
  // Callers show a token, or a certificate.
  bool login = false;
};

// OK if host:port can be reached from this machine only (127.0.0.0/8, [::1] or localhost), or is protected in both
// ways: a token without TLS is there for anybody on the way to take. FailedPrecondition otherwise, with what is
// missing, and with the flag that allows it in so many words; InvalidArgument if it is not host:port.
absl::Status CheckReachable(absl::string_view flag, absl::string_view address, const Protection& protection);

}  // namespace spool::app

#endif  // SPOOL_SERVER_APP_ADDRESS_H_

// What a service manager, such as systemd, is told of the server's state.

#ifndef SPOOL_SERVER_APP_SERVICE_MANAGER_H_
#define SPOOL_SERVER_APP_SERVICE_MANAGER_H_

#include "absl/strings/string_view.h"

namespace spool::app {

// Sends `state`, such as "READY=1", to the socket that NOTIFY_SOCKET names (sd_notify(3)). Without one it does nothing;
// a manager that cannot be told is logged.
void TellServiceManager(absl::string_view state);

}  // namespace spool::app

#endif  // SPOOL_SERVER_APP_SERVICE_MANAGER_H_

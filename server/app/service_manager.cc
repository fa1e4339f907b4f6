#include "server/app/service_manager.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <string>

#include "server/base/log.h"
#include "server/base/posix_error.h"
#include "server/base/unique_fd.h"

namespace spool::app {
namespace {

absl::Status Send(absl::string_view path, absl::string_view state) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return PosixError(ENAMETOOLONG, "NOTIFY_SOCKET");
  memcpy(address.sun_path, path.data(), path.size());
  // "@name" is in the abstract name space, which has a zero there.
  if (path[0] == '@') address.sun_path[0] = '\0';
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return PosixError(errno, "socket");
  // A name in the abstract name space is exactly as long as this says.
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
             size) < 0) {
    return PosixError(errno, path);
  }
  return absl::OkStatus();
}

}  // namespace

void TellServiceManager(absl::string_view state) {
  const char* const path = getenv("NOTIFY_SOCKET");
  if (path == nullptr || path[0] == '\0') return;
  if (const absl::Status sent = Send(path, state); !sent.ok()) {
    LogWarning("the service manager cannot be told", {{"state", state}, {"error", sent.ToString()}});
  }
}

}  // namespace spool::app

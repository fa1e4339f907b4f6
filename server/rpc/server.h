// The gRPC server: services, health, reflection, and the settings of the transport.

#ifndef SPOOL_SERVER_RPC_SERVER_H_
#define SPOOL_SERVER_RPC_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/auth/gatekeeper.h"
#include "server/auth/tls_files.h"
#include "server/service/services.h"

namespace spool::rpc {

// Of the library, such as "1.51.1".
std::string GrpcVersion();

struct ServerOptions {
  // host:port; port 0 picks a free one.
  std::string address;
  // Knows the callers.
  const auth::Gatekeeper* gatekeeper = nullptr;
  // Null: no TLS.
  const auth::TlsFiles* tls = nullptr;
};

class Server {
 public:
  // Serves when it returns; `services` and what the options point to outlive it. FailedPrecondition: the address cannot
  // be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options, service::Services* services);
  virtual ~Server() = default;

  // host:port with the port that was picked.
  virtual std::string address() const = 0;
  // Health says NOT_SERVING; calls and streams go on.
  virtual void Drain() = 0;
  // Ends calls that are still open after `grace`. Streams must have been ended by the feed before, or are cancelled.
  virtual void Shutdown(absl::Duration grace) = 0;
};

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_SERVER_H_

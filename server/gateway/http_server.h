// The HTTP port: what browsers, curl and scrapers come to.

#ifndef SPOOL_SERVER_GATEWAY_HTTP_SERVER_H_
#define SPOOL_SERVER_GATEWAY_HTTP_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/auth/gatekeeper.h"
#include "server/auth/tls_files.h"
#include "server/gateway/admission.h"
#include "server/service/services.h"

namespace spool::gateway {

struct HttpOptions {
  // host:port, port 0 picks a free one.
  std::string address;
  AdmissionOptions admission;
  // Knows the callers. Outlives the server.
  const auth::Gatekeeper* gatekeeper = nullptr;
  // nullptr: no TLS. Outlives the server.
  const auth::TlsFiles* tls = nullptr;
  // What /metrics answers, given the number of HTTP connections; may wait for the disk. Its content-type.
  std::function<std::string(int connections)> metrics;
  std::string metrics_type;
  // Further ones are answered with 503 and closed.
  int max_connections = 4096;
  // Each serves its share of the connections.
  int threads = 2;
};

class HttpServer {
 public:
  // Serves when it returns. FailedPrecondition: the address cannot be used. `services` outlives the server.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const HttpOptions& options, service::Services* services);
  virtual ~HttpServer() = default;

  // host:port with the port that was picked.
  virtual std::string address() const = 0;
  // /healthz says so from now on; connections end with their answer.
  virtual void Drain() = 0;
  // Takes no more connections, lets those under way end for `grace`, cuts the rest, ends the threads. Calls that were
  // begun may still end later and are passed over, until this object goes. Idempotent.
  virtual void Shutdown(absl::Duration grace) = 0;
};

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_HTTP_SERVER_H_

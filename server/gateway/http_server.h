// The HTTP port.

#ifndef SPOOL_SERVER_GATEWAY_HTTP_SERVER_H_
#define SPOOL_SERVER_GATEWAY_HTTP_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace spool::gateway {

// One thread, asynchronous. Answers GET /healthz: 200 "ok", or 503 "draining"; any other path 404, any other method
// 405. A request that is not complete within ten seconds, or has more than 32 KiB, ends its connection.
class HttpServer {
 public:
  // host:port, port 0 picks a free one. Serves when it returns. FailedPrecondition: the address cannot be used.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& address);
  virtual ~HttpServer() = default;

  // host:port with the port that was picked.
  virtual std::string address() const = 0;
  virtual void Drain() = 0;
};

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_HTTP_SERVER_H_

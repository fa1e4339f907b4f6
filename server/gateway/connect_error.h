// A status as Connect tells it: https://connectrpc.com/docs/protocol/#error-end-stream.

#ifndef SPOOL_SERVER_GATEWAY_CONNECT_ERROR_H_
#define SPOOL_SERVER_GATEWAY_CONNECT_ERROR_H_

#include <string>

#include "absl/status/status.h"

namespace spool::gateway {

// {"code": "not_found", "message": …, "details": [{"type", "value", "debug"}]}
std::string ConnectErrorJson(const absl::Status& status);

// The HTTP status of a unary call that ended so.
int HttpStatus(absl::StatusCode code);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_CONNECT_ERROR_H_

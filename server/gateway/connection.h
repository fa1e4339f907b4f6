// HTTP/1.1 over one socket: requests in turn, each handed to its route.

#ifndef SPOOL_SERVER_GATEWAY_CONNECTION_H_
#define SPOOL_SERVER_GATEWAY_CONNECTION_H_

#include <memory>

#include "server/gateway/router.h"
#include "server/gateway/socket.h"

namespace spool::gateway {

// Serves the socket until one of both ends is tired of it; everything happens on the socket's executor, which has one
// thread. `router` outlives all of that.
//
// A head of more than 32 KiB is answered with 431, one that takes longer than 10 s ends the connection, as does a
// client that has nothing to say for 75 s, or takes longer than 30 s over the next piece of a body. The body of a call
// that is slower than service/pace.h wants it is answered with 408.
void ServeConnection(Router* router, Socket socket, std::unique_ptr<Counted> count);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_CONNECTION_H_

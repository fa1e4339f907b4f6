// The feed over WebSocket.

#ifndef SPOOL_SERVER_GATEWAY_WEB_SOCKET_H_
#define SPOOL_SERVER_GATEWAY_WEB_SOCKET_H_

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <memory>

#include "server/gateway/connection.h"
#include "server/gateway/router.h"
#include "server/gateway/socket.h"

namespace spool::gateway {

// Takes the connection over: shakes hands, reads the client's first frame, and hands both to the route as an exchange.
// Each Write is a text frame. The close code is 1000 after an End without bytes, else 1008, or 1012 when the server
// stops. Pings are answered; frames after the first one are an error (1008).
void AcceptWebSocket(Router* router, Socket socket, beast::http::request<beast::http::empty_body> upgrade,
                     Request request, const Route& route, std::unique_ptr<Counted> count);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_WEB_SOCKET_H_

// Browsers' sessions: EventSource, WebSocket, <video> and <img> cannot send an Authorization header.

#ifndef SPOOL_SERVER_GATEWAY_SESSION_H_
#define SPOOL_SERVER_GATEWAY_SESSION_H_

#include <string>

#include "server/gateway/exchange.h"

namespace spool::gateway {

// The token in the session's cookie; empty if there is none.
std::string SessionTokenOf(const Request& request);

// 204, and the token of the request's Authorization header as a cookie that scripts cannot read and that other sites'
// pages do not send. It is the token itself, so that sessions outlive a restart and end when the token is revoked.
// `open`: the server has no tokens, and there is nothing to keep.
Reply BeginSession(const Request& request, bool open, bool tls);

// 204, and the cookie is taken back.
Reply EndSession(bool tls);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_SESSION_H_

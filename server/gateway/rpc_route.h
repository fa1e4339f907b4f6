// Connect and gRPC-Web: which protocol a request speaks, and the call that it makes.

#ifndef SPOOL_SERVER_GATEWAY_RPC_ROUTE_H_
#define SPOOL_SERVER_GATEWAY_RPC_ROUTE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "server/auth/caller.h"
#include "server/gateway/event_json.h"
#include "server/gateway/exchange.h"
#include "server/gateway/methods.h"

namespace spool::gateway {

// Answers a request for "/spool.v1.…/…". By content-type: Connect unary (application/json, application/proto), Connect
// streaming (application/connect+…), gRPC-Web (application/grpc-web…, binary or text); GET is Connect's, for calls
// without side effects. The body has been read. On the exchange's thread; table and json outlive the exchange.
// A caller that could not be told is answered as the protocol has it.
void AnswerRpc(const MethodTable& table, EventJson* json, const absl::StatusOr<auth::Caller>& caller,
               std::shared_ptr<Exchange> exchange);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_RPC_ROUTE_H_

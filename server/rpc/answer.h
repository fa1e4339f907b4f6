// A unary call's end, as gRPC wants it.

#ifndef SPOOL_SERVER_RPC_ANSWER_H_
#define SPOOL_SERVER_RPC_ANSWER_H_

#include <utility>

#include "grpcpp/support/server_callback.h"
#include "server/rpc/status.h"
#include "server/service/done.h"

namespace spool::rpc {

// Starts `call` with a Done that finishes the call; answers the reactor for gRPC to wait on.
template <typename Call>
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, Call call) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  std::move(call)(service::Done([reactor](absl::Status status) { reactor->Finish(ToGrpc(status)); }));
  return reactor;
}

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_ANSWER_H_

// A unary call's end, as gRPC wants it.

#ifndef SPOOL_SERVER_RPC_ANSWER_H_
#define SPOOL_SERVER_RPC_ANSWER_H_

#include <utility>

#include "grpcpp/support/server_callback.h"
#include "server/rpc/admission.h"
#include "server/rpc/status.h"
#include "server/service/done.h"

namespace spool::rpc {

// Starts `call` with the caller and a Done that finishes the call, or refuses the caller; answers the reactor for gRPC
// to wait on.
template <typename Call>
grpc::ServerUnaryReactor* Answer(const Admission& admission, grpc::CallbackServerContext* context, Call call) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const absl::StatusOr<auth::Caller> caller = admission.Admit(*context);
  if (caller.ok()) {
    std::move(call)(*caller, service::Done([reactor](absl::Status status) { reactor->Finish(ToGrpc(status)); }));
  } else {
    reactor->Finish(ToGrpc(caller.status()));
  }
  return reactor;
}

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_ANSWER_H_

// An end to blocking reads and writes whose client does nothing.

#ifndef SPOOL_SERVER_RPC_PATIENCE_H_
#define SPOOL_SERVER_RPC_PATIENCE_H_

#include <memory>

#include "absl/time/time.h"
#include "grpcpp/alarm.h"
#include "grpcpp/server_context.h"

namespace spool::rpc {

// Cancels the call unless it is destroyed before `longest` is over. A blocking Read or Write has no time limit of its
// own, and keepalive sees only that the client's machine is there; the cancelled call ends with CANCELLED.
class Patience {
 public:
  // `context` outlives this.
  Patience(grpc::ServerContext* context, absl::Duration longest);
  ~Patience();
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

 private:
  struct State;
  // The alarm's too, whose callback may come when this is gone.
  const std::shared_ptr<State> state_;
  grpc::Alarm alarm_;
};

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_PATIENCE_H_

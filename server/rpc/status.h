// absl::Status with its details, as gRPC sends it.

#ifndef SPOOL_SERVER_RPC_STATUS_H_
#define SPOOL_SERVER_RPC_STATUS_H_

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace spool::rpc {

// The status as StatusProto has it (base/status_proto.h). Details over 4000 bytes are left out: headers over 8 KiB end
// the whole connection.
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_STATUS_H_

// absl::Status with its details, as gRPC sends it.

#ifndef SPOOL_SERVER_RPC_STATUS_H_
#define SPOOL_SERVER_RPC_STATUS_H_

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace spool::rpc {

// Code and message, and the payloads as grpc-status-details-bin (google.rpc.Status). A status that reached the door
// without an ErrorInfo gets one here, with its code's name as the reason. Messages are cut at 2000 bytes: headers over
// 8 KiB end the whole connection.
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_STATUS_H_

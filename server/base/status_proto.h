// A status as a message, for doors to send.

#ifndef SPOOL_SERVER_BASE_STATUS_PROTO_H_
#define SPOOL_SERVER_BASE_STATUS_PROTO_H_

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace spool {

// What travels beside a code as grpc-status-details-bin: the status with an ErrorInfo (WithErrorInfo), its payloads as
// details. The message is cut at 2000 bytes, at the end of a character: headers over 8 KiB end a whole gRPC connection.
google::rpc::Status StatusProto(const absl::Status& status);

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_STATUS_PROTO_H_

// WatchEvents over gRPC: the transport's end of a subscription.

#ifndef SPOOL_SERVER_RPC_WATCH_STREAM_H_
#define SPOOL_SERVER_RPC_WATCH_STREAM_H_

#include "absl/status/statusor.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "server/auth/caller.h"
#include "server/feed/subscription.h"
#include "server/service/job_calls.h"

namespace spool::rpc {

// Starts a stream for the request, whose bytes are a WatchEventsRequest; or ends it at once, if the caller was not
// admitted. The result owns itself.
//
// At most one write is under way: gRPC holds it until the client's window has room, so a reader that does not read
// costs one response, and its subscription stays a cursor.
grpc::ServerWriteReactor<grpc::ByteBuffer>* StartWatch(service::JobCalls* calls,
                                                       const absl::StatusOr<auth::Caller>& caller,
                                                       const grpc::ByteBuffer& request);

// The response's encoding: the chunks' bytes by reference, then what only this subscriber gets.
grpc::ByteBuffer Encode(const feed::Update& update);

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_WATCH_STREAM_H_

// QueueService over gRPC.

#ifndef SPOOL_SERVER_RPC_QUEUE_SERVICE_H_
#define SPOOL_SERVER_RPC_QUEUE_SERVICE_H_

#include "server/service/queue_calls.h"
#include "spool/v1/queue_service.grpc.pb.h"

namespace spool::rpc {

class QueueService : public v1::QueueService::CallbackService {
 public:
  // `calls` outlives the gRPC server.
  explicit QueueService(service::QueueCalls* calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* GetQueueStats(grpc::CallbackServerContext* context, const v1::GetQueueStatsRequest* request,
                                          v1::GetQueueStatsResponse* response) override;
  grpc::ServerUnaryReactor* PauseQueue(grpc::CallbackServerContext* context, const v1::PauseQueueRequest* request,
                                       v1::PauseQueueResponse* response) override;
  grpc::ServerUnaryReactor* ResumeQueue(grpc::CallbackServerContext* context, const v1::ResumeQueueRequest* request,
                                        v1::ResumeQueueResponse* response) override;

 private:
  service::QueueCalls* const calls_;
};

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_QUEUE_SERVICE_H_

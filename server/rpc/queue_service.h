// QueueService over gRPC.

#ifndef SPOOL_SERVER_RPC_QUEUE_SERVICE_H_
#define SPOOL_SERVER_RPC_QUEUE_SERVICE_H_

#include "server/rpc/admission.h"
#include "server/service/queue_calls.h"
#include "spool/v1/queue_service.grpc.pb.h"

namespace spool::rpc {

class QueueService : public v1::QueueService::CallbackService {
 public:
  // Both outlive the gRPC server.
  QueueService(service::QueueCalls* calls, const Admission* admission) : calls_(calls), admission_(admission) {}

  grpc::ServerUnaryReactor* GetQueueStats(grpc::CallbackServerContext* context, const v1::GetQueueStatsRequest* request,
                                          v1::GetQueueStatsResponse* response) override;
  grpc::ServerUnaryReactor* PauseQueue(grpc::CallbackServerContext* context, const v1::PauseQueueRequest* request,
                                       v1::PauseQueueResponse* response) override;
  grpc::ServerUnaryReactor* ResumeQueue(grpc::CallbackServerContext* context, const v1::ResumeQueueRequest* request,
                                        v1::ResumeQueueResponse* response) override;

 private:
  service::QueueCalls* const calls_;
  const Admission* const admission_;
};

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_QUEUE_SERVICE_H_

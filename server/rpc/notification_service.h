// NotificationService over gRPC.

#ifndef SPOOL_SERVER_RPC_NOTIFICATION_SERVICE_H_
#define SPOOL_SERVER_RPC_NOTIFICATION_SERVICE_H_

#include "server/rpc/admission.h"
#include "server/service/notify_calls.h"
#include "spool/v1/notification_service.grpc.pb.h"

namespace spool::rpc {

class NotificationService : public v1::NotificationService::CallbackService {
 public:
  // Both outlive the gRPC server.
  NotificationService(service::NotifyCalls* calls, const Admission* admission) : calls_(calls), admission_(admission) {}

  grpc::ServerUnaryReactor* ListTargets(grpc::CallbackServerContext* context, const v1::ListTargetsRequest* request,
                                        v1::ListTargetsResponse* response) override;
  grpc::ServerUnaryReactor* ListDeliveries(grpc::CallbackServerContext* context,
                                           const v1::ListDeliveriesRequest* request,
                                           v1::ListDeliveriesResponse* response) override;
  grpc::ServerUnaryReactor* SendTest(grpc::CallbackServerContext* context, const v1::SendTestRequest* request,
                                     v1::SendTestResponse* response) override;
  grpc::ServerUnaryReactor* Redeliver(grpc::CallbackServerContext* context, const v1::RedeliverRequest* request,
                                      v1::RedeliverResponse* response) override;

 private:
  service::NotifyCalls* const calls_;
  const Admission* const admission_;
};

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_NOTIFICATION_SERVICE_H_

#include "server/rpc/notification_service.h"

#include <utility>

#include "server/rpc/answer.h"

namespace spool::rpc {

grpc::ServerUnaryReactor* NotificationService::ListTargets(grpc::CallbackServerContext* context,
                                                           const v1::ListTargetsRequest* request,
                                                           v1::ListTargetsResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->ListTargets(caller, *request, response, std::move(done));
  });
}

grpc::ServerUnaryReactor* NotificationService::ListDeliveries(grpc::CallbackServerContext* context,
                                                              const v1::ListDeliveriesRequest* request,
                                                              v1::ListDeliveriesResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->ListDeliveries(caller, *request, response, std::move(done));
  });
}

grpc::ServerUnaryReactor* NotificationService::SendTest(grpc::CallbackServerContext* context,
                                                        const v1::SendTestRequest* request,
                                                        v1::SendTestResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->SendTest(caller, *request, response, std::move(done));
  });
}

grpc::ServerUnaryReactor* NotificationService::Redeliver(grpc::CallbackServerContext* context,
                                                         const v1::RedeliverRequest* request,
                                                         v1::RedeliverResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->Redeliver(caller, *request, response, std::move(done));
  });
}

}  // namespace spool::rpc

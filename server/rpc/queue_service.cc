#include "server/rpc/queue_service.h"

#include <utility>

#include "server/rpc/answer.h"

namespace spool::rpc {

grpc::ServerUnaryReactor* QueueService::GetQueueStats(grpc::CallbackServerContext* context,
                                                      const v1::GetQueueStatsRequest* request,
                                                      v1::GetQueueStatsResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->GetQueueStats(caller, *request, response, std::move(done));
  });
}

grpc::ServerUnaryReactor* QueueService::PauseQueue(grpc::CallbackServerContext* context,
                                                   const v1::PauseQueueRequest* request,
                                                   v1::PauseQueueResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->PauseQueue(caller, *request, response, std::move(done));
  });
}

grpc::ServerUnaryReactor* QueueService::ResumeQueue(grpc::CallbackServerContext* context,
                                                    const v1::ResumeQueueRequest* request,
                                                    v1::ResumeQueueResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->ResumeQueue(caller, *request, response, std::move(done));
  });
}

}  // namespace spool::rpc

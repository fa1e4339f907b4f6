#include "server/rpc/queue_service.h"

#include <utility>

#include "server/rpc/status.h"

namespace spool::rpc {

grpc::ServerUnaryReactor* QueueService::GetQueueStats(grpc::CallbackServerContext* context,
                                                      const v1::GetQueueStatsRequest*,
                                                      v1::GetQueueStatsResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  pool_->Post([this, reactor, response] {
    absl::StatusOr<v1::GetQueueStatsResponse> stats = store_->Stats();
    if (stats.ok()) {
      *response = std::move(*stats);
      response->set_slots(executor_->slots());
      response->set_watchers(feed_->subscriptions());
    }
    reactor->Finish(ToGrpc(stats.status()));
  });
  return reactor;
}

grpc::ServerUnaryReactor* QueueService::SetPaused(grpc::CallbackServerContext* context, bool paused) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  store_->SetPaused(paused, [reactor](absl::StatusOr<bool> done) { reactor->Finish(ToGrpc(done.status())); });
  return reactor;
}

grpc::ServerUnaryReactor* QueueService::PauseQueue(grpc::CallbackServerContext* context, const v1::PauseQueueRequest*,
                                                   v1::PauseQueueResponse*) {
  return SetPaused(context, true);
}

grpc::ServerUnaryReactor* QueueService::ResumeQueue(grpc::CallbackServerContext* context, const v1::ResumeQueueRequest*,
                                                    v1::ResumeQueueResponse*) {
  return SetPaused(context, false);
}

}  // namespace spool::rpc

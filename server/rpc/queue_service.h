// QueueService over gRPC.

#ifndef SPOOL_SERVER_RPC_QUEUE_SERVICE_H_
#define SPOOL_SERVER_RPC_QUEUE_SERVICE_H_

#include "server/executor/executor.h"
#include "server/feed/event_feed.h"
#include "server/rpc/blocking_pool.h"
#include "server/store/job_store.h"
#include "spool/v1/queue_service.grpc.pb.h"

namespace spool::rpc {

class QueueService : public v1::QueueService::CallbackService {
 public:
  // All outlive the gRPC server.
  QueueService(store::JobStore* store, feed::EventFeed* feed, const executor::Executor* executor, BlockingPool* pool)
      : store_(store), feed_(feed), executor_(executor), pool_(pool) {}

  grpc::ServerUnaryReactor* GetQueueStats(grpc::CallbackServerContext* context, const v1::GetQueueStatsRequest* request,
                                          v1::GetQueueStatsResponse* response) override;
  grpc::ServerUnaryReactor* PauseQueue(grpc::CallbackServerContext* context, const v1::PauseQueueRequest* request,
                                       v1::PauseQueueResponse* response) override;
  grpc::ServerUnaryReactor* ResumeQueue(grpc::CallbackServerContext* context, const v1::ResumeQueueRequest* request,
                                        v1::ResumeQueueResponse* response) override;

 private:
  grpc::ServerUnaryReactor* SetPaused(grpc::CallbackServerContext* context, bool paused);

  store::JobStore* const store_;
  feed::EventFeed* const feed_;
  const executor::Executor* const executor_;
  BlockingPool* const pool_;
};

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_QUEUE_SERVICE_H_

#include "server/service/queue_calls.h"

#include <utility>

namespace spool::service {

void QueueCalls::GetQueueStats(const v1::GetQueueStatsRequest&, v1::GetQueueStatsResponse* response, Done done) {
  pool_->Post([this, response, done = std::move(done)]() mutable {
    absl::StatusOr<v1::GetQueueStatsResponse> stats = store_->Stats();
    if (stats.ok()) {
      *response = std::move(*stats);
      response->set_slots(executor_->slots());
      response->set_watchers(feed_->subscriptions());
    }
    done(stats.status());
  });
}

void QueueCalls::PauseQueue(const v1::PauseQueueRequest&, v1::PauseQueueResponse*, Done done) {
  store_->SetPaused(true, [done = std::move(done)](absl::StatusOr<bool> set) mutable { done(set.status()); });
}

void QueueCalls::ResumeQueue(const v1::ResumeQueueRequest&, v1::ResumeQueueResponse*, Done done) {
  store_->SetPaused(false, [done = std::move(done)](absl::StatusOr<bool> set) mutable { done(set.status()); });
}

}  // namespace spool::service

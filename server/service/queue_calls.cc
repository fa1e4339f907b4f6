#include "server/service/queue_calls.h"

#include <string>
#include <utility>
#include <vector>

#include "server/auth/scope.h"

namespace spool::service {
namespace {

std::vector<std::string> NoIds() { return {}; }

}  // namespace

void QueueCalls::GetQueueStats(const auth::Caller& caller, const v1::GetQueueStatsRequest&,
                               v1::GetQueueStatsResponse* response, Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.QueueService.GetQueueStats");
  if (absl::Status status = caller.Check(method); !status.ok()) return done(status);
  if (caller.limited()) return done(auth::OutsideLimit("token", "is limited to some jobs; these are figures of all"));
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

void QueueCalls::PauseQueue(const auth::Caller& caller, const v1::PauseQueueRequest&, v1::PauseQueueResponse*,
                            Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.QueueService.PauseQueue");
  done = audit_->Follow(caller, method, NoIds, std::move(done));
  if (absl::Status status = caller.Check(method); !status.ok()) return done(status);
  store_->SetPaused(true,
                    On<absl::StatusOr<bool>>(
                        answers_, [done = std::move(done)](absl::StatusOr<bool> set) mutable { done(set.status()); }));
}

void QueueCalls::ResumeQueue(const auth::Caller& caller, const v1::ResumeQueueRequest&, v1::ResumeQueueResponse*,
                             Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.QueueService.ResumeQueue");
  done = audit_->Follow(caller, method, NoIds, std::move(done));
  if (absl::Status status = caller.Check(method); !status.ok()) return done(status);
  store_->SetPaused(false,
                    On<absl::StatusOr<bool>>(
                        answers_, [done = std::move(done)](absl::StatusOr<bool> set) mutable { done(set.status()); }));
}

}  // namespace spool::service

// What QueueService's calls do, whichever door they come through.

#ifndef SPOOL_SERVER_SERVICE_QUEUE_CALLS_H_
#define SPOOL_SERVER_SERVICE_QUEUE_CALLS_H_

#include "server/auth/caller.h"
#include "server/executor/executor.h"
#include "server/feed/event_feed.h"
#include "server/service/audit_log.h"
#include "server/service/blocking_pool.h"
#include "server/service/done.h"
#include "server/store/job_store.h"
#include "spool/v1/queue_service.pb.h"

namespace spool::service {

// Thread-safe; every function returns at once. PERMISSION_DENIED: SCOPE_TOO_SMALL; OUTSIDE_LIMIT, because a limited
// caller is not told the figures of all jobs.
class QueueCalls {
 public:
  // All outlive the calls, and this object outlives every call.
  QueueCalls(store::JobStore* store, feed::EventFeed* feed, const executor::Executor* executor, AuditLog* audit,
             BlockingPool* pool, BlockingPool* answers)
      : store_(store), feed_(feed), executor_(executor), audit_(audit), pool_(pool), answers_(answers) {}

  void GetQueueStats(const auth::Caller& caller, const v1::GetQueueStatsRequest& request,
                     v1::GetQueueStatsResponse* response, Done done);
  void PauseQueue(const auth::Caller& caller, const v1::PauseQueueRequest& request, v1::PauseQueueResponse* response,
                  Done done);
  void ResumeQueue(const auth::Caller& caller, const v1::ResumeQueueRequest& request, v1::ResumeQueueResponse* response,
                   Done done);

 private:
  store::JobStore* const store_;
  feed::EventFeed* const feed_;
  const executor::Executor* const executor_;
  AuditLog* const audit_;
  BlockingPool* const pool_;
  BlockingPool* const answers_;
};

}  // namespace spool::service

#endif  // SPOOL_SERVER_SERVICE_QUEUE_CALLS_H_

// What NotificationService's calls do, whichever door they come through.

#ifndef SPOOL_SERVER_SERVICE_NOTIFY_CALLS_H_
#define SPOOL_SERVER_SERVICE_NOTIFY_CALLS_H_

#include "server/auth/caller.h"
#include "server/notify/notifier.h"
#include "server/service/audit_log.h"
#include "server/service/blocking_pool.h"
#include "server/service/done.h"
#include "spool/v1/notification_service.pb.h"

namespace spool::service {

// Thread-safe; every function returns at once. PERMISSION_DENIED: SCOPE_TOO_SMALL; OUTSIDE_LIMIT, because a limited
// caller is not told of all jobs.
class NotifyCalls {
 public:
  // All outlive the calls, and this object outlives every call. No notifier: there are no targets.
  NotifyCalls(notify::Notifier* notifier, AuditLog* audit, BlockingPool* pool)
      : notifier_(notifier), audit_(audit), pool_(pool) {}

  void ListTargets(const auth::Caller& caller, const v1::ListTargetsRequest& request, v1::ListTargetsResponse* response,
                   Done done);
  void ListDeliveries(const auth::Caller& caller, const v1::ListDeliveriesRequest& request,
                      v1::ListDeliveriesResponse* response, Done done);
  void SendTest(const auth::Caller& caller, const v1::SendTestRequest& request, v1::SendTestResponse* response,
                Done done);
  void Redeliver(const auth::Caller& caller, const v1::RedeliverRequest& request, v1::RedeliverResponse* response,
                 Done done);

 private:
  notify::Notifier* const notifier_;
  AuditLog* const audit_;
  BlockingPool* const pool_;
};

}  // namespace spool::service

#endif  // SPOOL_SERVER_SERVICE_NOTIFY_CALLS_H_

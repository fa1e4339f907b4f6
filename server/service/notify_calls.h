// What NotificationService's calls do, whichever door they come through.

#ifndef SPOOL_SERVER_SERVICE_NOTIFY_CALLS_H_
#define SPOOL_SERVER_SERVICE_NOTIFY_CALLS_H_

#include "server/notify/notifier.h"
#include "server/service/blocking_pool.h"
#include "server/service/done.h"
#include "spool/v1/notification_service.pb.h"

namespace spool::service {

// Thread-safe; every function returns at once.
class NotifyCalls {
 public:
  // Both outlive the calls, and this object outlives every call. No notifier: there are no targets.
  NotifyCalls(notify::Notifier* notifier, BlockingPool* pool) : notifier_(notifier), pool_(pool) {}

  void ListTargets(const v1::ListTargetsRequest& request, v1::ListTargetsResponse* response, Done done);
  void ListDeliveries(const v1::ListDeliveriesRequest& request, v1::ListDeliveriesResponse* response, Done done);
  void SendTest(const v1::SendTestRequest& request, v1::SendTestResponse* response, Done done);
  void Redeliver(const v1::RedeliverRequest& request, v1::RedeliverResponse* response, Done done);

 private:
  notify::Notifier* const notifier_;
  BlockingPool* const pool_;
};

}  // namespace spool::service

#endif  // SPOOL_SERVER_SERVICE_NOTIFY_CALLS_H_

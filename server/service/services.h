// All that callers can ask of this server, for the doors to offer: rpc/ over gRPC, gateway/ over HTTP.

#ifndef SPOOL_SERVER_SERVICE_SERVICES_H_
#define SPOOL_SERVER_SERVICE_SERVICES_H_

#include <cstdint>

#include "server/executor/executor.h"
#include "server/feed/event_feed.h"
#include "server/files/media_files.h"
#include "server/notify/notifier.h"
#include "server/service/audit_log.h"
#include "server/service/blocking_pool.h"
#include "server/service/job_calls.h"
#include "server/service/media_calls.h"
#include "server/service/notify_calls.h"
#include "server/service/queue_calls.h"
#include "server/store/job_store.h"

namespace spool::service {

// What the calls use; all outlive the Services.
struct Backends {
  store::JobStore* store;
  feed::EventFeed* feed;
  files::MediaFiles* files;
  executor::Executor* executor;
  AuditLog* audit;
  notify::Notifier* notifier;  // nullptr: nobody is to be told anything
};

// Threads that wait for the disk on behalf of callers.
inline constexpr int kBlockingThreads = 4;
// Threads that answer what the store's writer has done. Two: one that sends does not hold up the other.
inline constexpr int kAnswerThreads = 2;

// Thread-safe. Outlives every call: the doors are closed first.
class Services {
 public:
  Services(const Backends& backends, int64_t max_upload_bytes)
      : pool(kBlockingThreads),
        answers(kAnswerThreads),
        jobs(backends.store, backends.feed, backends.files, backends.executor, backends.audit, &pool, &answers),
        queue(backends.store, backends.feed, backends.executor, backends.audit, &pool, &answers),
        media(backends.store, backends.files, backends.executor, backends.audit, max_upload_bytes),
        notifications(backends.notifier, backends.audit, &pool) {}

  // From here on writes by callers are refused; reads and streams go on.
  void Drain() { jobs.Drain(); }
  // When the doors are closed and the executor is stopped: waits for what is left in the pools. What is with the
  // store's writer may still end later.
  void Stop() {
    jobs.Stop();
    media.Stop();
    pool.Stop();
  }
  // When the store is gone: waits until all that its writer did is answered.
  void StopAnswers() { answers.Stop(); }

  BlockingPool pool;
  BlockingPool answers;
  JobCalls jobs;
  QueueCalls queue;
  MediaCalls media;
  NotifyCalls notifications;
};

}  // namespace spool::service

#endif  // SPOOL_SERVER_SERVICE_SERVICES_H_

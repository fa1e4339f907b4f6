// What JobService's calls do, whichever door they come through.

#ifndef SPOOL_SERVER_SERVICE_JOB_CALLS_H_
#define SPOOL_SERVER_SERVICE_JOB_CALLS_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/base/ulid.h"
#include "server/executor/executor.h"
#include "server/feed/event_feed.h"
#include "server/files/media_files.h"
#include "server/job/request.h"
#include "server/service/blocking_pool.h"
#include "server/service/done.h"
#include "server/store/job_store.h"
#include "spool/v1/job_service.pb.h"

namespace spool::service {

// Thread-safe. Every function returns at once: what waits goes to the store's writer or to a pool.
class JobCalls {
 public:
  // All outlive the calls, and this object outlives every call.
  JobCalls(store::JobStore* store, feed::EventFeed* feed, files::MediaFiles* files, executor::Executor* executor,
           BlockingPool* pool)
      : store_(store), feed_(feed), files_(files), executor_(executor), pool_(pool) {}

  // From here on writes by callers are refused (UNAVAILABLE, SERVER_DRAINING).
  void Drain() { draining_ = true; }
  // Waits for plans under way.
  void Stop() { plan_pool_.Stop(); }

  void Enqueue(const v1::EnqueueRequest& request, v1::EnqueueResponse* response, Done done);
  void EnqueueBatch(const v1::EnqueueBatchRequest& request, v1::EnqueueBatchResponse* response, Done done);
  void GetJob(const v1::GetJobRequest& request, v1::GetJobResponse* response, Done done);
  void ListJobs(const v1::ListJobsRequest& request, v1::ListJobsResponse* response, Done done);
  void CancelJob(const v1::CancelJobRequest& request, v1::CancelJobResponse* response, Done done);
  void RetryJob(const v1::RetryJobRequest& request, v1::RetryJobResponse* response, Done done);
  void DeleteJob(const v1::DeleteJobRequest& request, v1::DeleteJobResponse* response, Done done);
  void PlanJob(const v1::PlanJobRequest& request, v1::PlanJobResponse* response, Done done);
  void ListPresets(const v1::ListPresetsRequest& request, v1::ListPresetsResponse* response, Done done);
  // A caller that leaves during a long poll costs at most the poll's own time.
  void ListEvents(const v1::ListEventsRequest& request, v1::ListEventsResponse* response, Done done);

  // As EventFeed::Watch.
  absl::StatusOr<std::shared_ptr<feed::Subscription>> WatchEvents(const v1::WatchEventsRequest& request,
                                                                  std::shared_ptr<feed::Sink> sink);
  // The resume token of a place in the log.
  std::string TokenAt(int64_t sequence) const;

 private:
  static constexpr int kMaxPlans = 4;

  // The request's own checks, then those that need the disk.
  absl::StatusOr<job::NewJob> MakeJob(const v1::EnqueueRequest& request);
  absl::Status CheckWritable() const;

  store::JobStore* const store_;
  feed::EventFeed* const feed_;
  files::MediaFiles* const files_;
  executor::Executor* const executor_;
  BlockingPool* const pool_;
  // Plans wait for workers, some of them for many seconds: reads must not wait behind them.
  BlockingPool plan_pool_{kMaxPlans};
  std::atomic<int> plans_{0};
  const Clock* const clock_ = Clock::Real();
  UlidSource ulids_;
  std::atomic<bool> draining_{false};
};

}  // namespace spool::service

#endif  // SPOOL_SERVER_SERVICE_JOB_CALLS_H_

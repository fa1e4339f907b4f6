// What JobService's calls do, whichever door they come through.

#ifndef SPOOL_SERVER_SERVICE_JOB_CALLS_H_
#define SPOOL_SERVER_SERVICE_JOB_CALLS_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/auth/caller.h"
#include "server/base/clock.h"
#include "server/base/ulid.h"
#include "server/executor/executor.h"
#include "server/feed/event_feed.h"
#include "server/files/media_files.h"
#include "server/job/request.h"
#include "server/service/audit_log.h"
#include "server/service/blocking_pool.h"
#include "server/service/done.h"
#include "server/store/job_store.h"
#include "spool/v1/job_service.pb.h"

namespace spool::service {

// Thread-safe. Every function returns at once: what waits goes to the store's writer or to a pool.
//
// What a caller may do is decided here, for all doors. PERMISSION_DENIED: SCOPE_TOO_SMALL, or OUTSIDE_LIMIT for what a
// limited caller asks for beyond its limit. Jobs outside of that are NOT_FOUND, and not in lists and streams.
class JobCalls {
 public:
  // All outlive the calls, and this object outlives every call.
  JobCalls(store::JobStore* store, feed::EventFeed* feed, files::MediaFiles* files, executor::Executor* executor,
           AuditLog* audit, BlockingPool* pool, BlockingPool* answers)
      : store_(store), feed_(feed), files_(files), executor_(executor), audit_(audit), pool_(pool), answers_(answers) {}

  // From here on writes by callers are refused (UNAVAILABLE, SERVER_DRAINING).
  void Drain() { draining_ = true; }
  // Waits for plans under way.
  void Stop() { plan_pool_.Stop(); }

  void Enqueue(const auth::Caller& caller, const v1::EnqueueRequest& request, v1::EnqueueResponse* response, Done done);
  void EnqueueBatch(const auth::Caller& caller, const v1::EnqueueBatchRequest& request,
                    v1::EnqueueBatchResponse* response, Done done);
  void GetJob(const auth::Caller& caller, const v1::GetJobRequest& request, v1::GetJobResponse* response, Done done);
  void ListJobs(const auth::Caller& caller, const v1::ListJobsRequest& request, v1::ListJobsResponse* response,
                Done done);
  void CancelJob(const auth::Caller& caller, const v1::CancelJobRequest& request, v1::CancelJobResponse* response,
                 Done done);
  void RetryJob(const auth::Caller& caller, const v1::RetryJobRequest& request, v1::RetryJobResponse* response,
                Done done);
  void DeleteJob(const auth::Caller& caller, const v1::DeleteJobRequest& request, v1::DeleteJobResponse* response,
                 Done done);
  void PlanJob(const auth::Caller& caller, const v1::PlanJobRequest& request, v1::PlanJobResponse* response, Done done);
  void ListPresets(const auth::Caller& caller, const v1::ListPresetsRequest& request, v1::ListPresetsResponse* response,
                   Done done);
  // A caller that leaves during a long poll costs at most the poll's own time.
  void ListEvents(const auth::Caller& caller, const v1::ListEventsRequest& request, v1::ListEventsResponse* response,
                  Done done);

  // As EventFeed::Watch. Before each response it is made sure that the caller's token is still good; if it is not, the
  // stream ends as Caller::Standing says.
  absl::StatusOr<std::shared_ptr<feed::Subscription>> WatchEvents(const auth::Caller& caller,
                                                                  const v1::WatchEventsRequest& request,
                                                                  std::shared_ptr<feed::Sink> sink);
  // The resume token of a place in the log.
  std::string TokenAt(int64_t sequence) const;

 private:
  static constexpr int kMaxPlans = 4;

  enum class Purpose { kEnqueue, kPlan };
  // The request's own checks, the caller's limit (of a plan: only that of its files), then those that need the disk.
  absl::StatusOr<job::NewJob> MakeJob(const auth::Caller& caller, const v1::EnqueueRequest& request, Purpose purpose);
  // Goes on with `write` if the caller may see the job; else ends with NOT_FOUND. Only a limited caller's job is read
  // for it. What a job is seen by never changes; were it deleted and its id used again in between, the new one would be
  // meant.
  void IfSeen(const auth::Caller& caller, const std::string& job_id, Done done,
              absl::AnyInvocable<void(Done) &&> write);
  absl::Status CheckWritable() const;

  store::JobStore* const store_;
  feed::EventFeed* const feed_;
  files::MediaFiles* const files_;
  executor::Executor* const executor_;
  AuditLog* const audit_;
  BlockingPool* const pool_;
  BlockingPool* const answers_;
  // Plans wait for workers, some of them for many seconds: reads must not wait behind them.
  BlockingPool plan_pool_{kMaxPlans};
  std::atomic<int> plans_{0};
  const Clock* const clock_ = Clock::Real();
  UlidSource ulids_;
  std::atomic<bool> draining_{false};
};

}  // namespace spool::service

#endif  // SPOOL_SERVER_SERVICE_JOB_CALLS_H_

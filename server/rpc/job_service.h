// JobService over gRPC: check, hand on, answer.

#ifndef SPOOL_SERVER_RPC_JOB_SERVICE_H_
#define SPOOL_SERVER_RPC_JOB_SERVICE_H_

#include <atomic>

#include "absl/status/statusor.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/base/clock.h"
#include "server/base/ulid.h"
#include "server/executor/executor.h"
#include "server/feed/event_feed.h"
#include "server/files/media_files.h"
#include "server/job/request.h"
#include "server/rpc/blocking_pool.h"
#include "server/store/job_store.h"
#include "spool/v1/job_service.grpc.pb.h"

namespace spool::rpc {

// Every method is a callback that hands its work to the store's writer or to the pool and returns at once. WatchEvents
// is raw: its responses are made of bytes that all subscribers share.
using JobServiceBase = v1::JobService::WithRawCallbackMethod_WatchEvents<v1::JobService::WithCallbackMethod_Enqueue<
    v1::JobService::WithCallbackMethod_EnqueueBatch<v1::JobService::WithCallbackMethod_GetJob<
        v1::JobService::WithCallbackMethod_ListJobs<v1::JobService::WithCallbackMethod_CancelJob<
            v1::JobService::WithCallbackMethod_RetryJob<v1::JobService::WithCallbackMethod_DeleteJob<
                v1::JobService::WithCallbackMethod_PlanJob<v1::JobService::WithCallbackMethod_ListPresets<
                    v1::JobService::WithCallbackMethod_ListEvents<v1::JobService::Service>>>>>>>>>>>;

class JobService : public JobServiceBase {
 public:
  // All outlive the gRPC server.
  JobService(store::JobStore* store, feed::EventFeed* feed, files::MediaFiles* files, executor::Executor* executor,
             BlockingPool* pool)
      : store_(store), feed_(feed), files_(files), executor_(executor), pool_(pool) {}

  // From here on writes by callers are refused (UNAVAILABLE, SERVER_DRAINING).
  void Drain() { draining_ = true; }

  grpc::ServerUnaryReactor* Enqueue(grpc::CallbackServerContext* context, const v1::EnqueueRequest* request,
                                    v1::EnqueueResponse* response) override;
  grpc::ServerUnaryReactor* EnqueueBatch(grpc::CallbackServerContext* context, const v1::EnqueueBatchRequest* request,
                                         v1::EnqueueBatchResponse* response) override;
  grpc::ServerUnaryReactor* GetJob(grpc::CallbackServerContext* context, const v1::GetJobRequest* request,
                                   v1::GetJobResponse* response) override;
  grpc::ServerUnaryReactor* ListJobs(grpc::CallbackServerContext* context, const v1::ListJobsRequest* request,
                                     v1::ListJobsResponse* response) override;
  grpc::ServerUnaryReactor* CancelJob(grpc::CallbackServerContext* context, const v1::CancelJobRequest* request,
                                      v1::CancelJobResponse* response) override;
  grpc::ServerUnaryReactor* RetryJob(grpc::CallbackServerContext* context, const v1::RetryJobRequest* request,
                                     v1::RetryJobResponse* response) override;
  grpc::ServerUnaryReactor* DeleteJob(grpc::CallbackServerContext* context, const v1::DeleteJobRequest* request,
                                      v1::DeleteJobResponse* response) override;
  grpc::ServerUnaryReactor* PlanJob(grpc::CallbackServerContext* context, const v1::PlanJobRequest* request,
                                    v1::PlanJobResponse* response) override;
  grpc::ServerUnaryReactor* ListPresets(grpc::CallbackServerContext* context, const v1::ListPresetsRequest* request,
                                        v1::ListPresetsResponse* response) override;
  grpc::ServerUnaryReactor* ListEvents(grpc::CallbackServerContext* context, const v1::ListEventsRequest* request,
                                       v1::ListEventsResponse* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchEvents(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request) override;

 private:
  static constexpr int kMaxPlans = 4;

  // The request's own checks, then those that need the disk.
  absl::StatusOr<job::NewJob> MakeJob(const v1::EnqueueRequest& request);
  absl::Status CheckWritable() const;
  std::string TokenAt(int64_t sequence) const;

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

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_JOB_SERVICE_H_

// JobService over gRPC.

#ifndef SPOOL_SERVER_RPC_JOB_SERVICE_H_
#define SPOOL_SERVER_RPC_JOB_SERVICE_H_

#include "grpcpp/support/byte_buffer.h"
#include "server/rpc/admission.h"
#include "server/service/job_calls.h"
#include "spool/v1/job_service.grpc.pb.h"

namespace spool::rpc {

// Every method is a callback that hands its work on and returns at once. WatchEvents is raw: its responses are made of
// bytes that all subscribers share.
using JobServiceBase = v1::JobService::WithRawCallbackMethod_WatchEvents<v1::JobService::WithCallbackMethod_Enqueue<
    v1::JobService::WithCallbackMethod_EnqueueBatch<v1::JobService::WithCallbackMethod_GetJob<
        v1::JobService::WithCallbackMethod_ListJobs<v1::JobService::WithCallbackMethod_CancelJob<
            v1::JobService::WithCallbackMethod_RetryJob<v1::JobService::WithCallbackMethod_DeleteJob<
                v1::JobService::WithCallbackMethod_PlanJob<v1::JobService::WithCallbackMethod_ListPresets<
                    v1::JobService::WithCallbackMethod_ListEvents<v1::JobService::Service>>>>>>>>>>>;

class JobService : public JobServiceBase {
 public:
  // Both outlive the gRPC server.
  JobService(service::JobCalls* calls, const Admission* admission) : calls_(calls), admission_(admission) {}

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
  service::JobCalls* const calls_;
  const Admission* const admission_;
};

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_JOB_SERVICE_H_

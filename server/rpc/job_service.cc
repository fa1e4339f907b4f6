#include "server/rpc/job_service.h"

#include <utility>

#include "server/rpc/answer.h"
#include "server/rpc/watch_stream.h"

namespace spool::rpc {

grpc::ServerUnaryReactor* JobService::Enqueue(grpc::CallbackServerContext* context, const v1::EnqueueRequest* request,
                                              v1::EnqueueResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->Enqueue(caller, *request, response, std::move(done));
  });
}

grpc::ServerUnaryReactor* JobService::EnqueueBatch(grpc::CallbackServerContext* context,
                                                   const v1::EnqueueBatchRequest* request,
                                                   v1::EnqueueBatchResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->EnqueueBatch(caller, *request, response, std::move(done));
  });
}

grpc::ServerUnaryReactor* JobService::GetJob(grpc::CallbackServerContext* context, const v1::GetJobRequest* request,
                                             v1::GetJobResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->GetJob(caller, *request, response, std::move(done));
  });
}

grpc::ServerUnaryReactor* JobService::ListJobs(grpc::CallbackServerContext* context, const v1::ListJobsRequest* request,
                                               v1::ListJobsResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->ListJobs(caller, *request, response, std::move(done));
  });
}

grpc::ServerUnaryReactor* JobService::CancelJob(grpc::CallbackServerContext* context,
                                                const v1::CancelJobRequest* request, v1::CancelJobResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->CancelJob(caller, *request, response, std::move(done));
  });
}

grpc::ServerUnaryReactor* JobService::RetryJob(grpc::CallbackServerContext* context, const v1::RetryJobRequest* request,
                                               v1::RetryJobResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->RetryJob(caller, *request, response, std::move(done));
  });
}

grpc::ServerUnaryReactor* JobService::DeleteJob(grpc::CallbackServerContext* context,
                                                const v1::DeleteJobRequest* request, v1::DeleteJobResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->DeleteJob(caller, *request, response, std::move(done));
  });
}

grpc::ServerUnaryReactor* JobService::PlanJob(grpc::CallbackServerContext* context, const v1::PlanJobRequest* request,
                                              v1::PlanJobResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->PlanJob(caller, *request, response, std::move(done));
  });
}

grpc::ServerUnaryReactor* JobService::ListPresets(grpc::CallbackServerContext* context,
                                                  const v1::ListPresetsRequest* request,
                                                  v1::ListPresetsResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->ListPresets(caller, *request, response, std::move(done));
  });
}

grpc::ServerUnaryReactor* JobService::ListEvents(grpc::CallbackServerContext* context,
                                                 const v1::ListEventsRequest* request,
                                                 v1::ListEventsResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->ListEvents(caller, *request, response, std::move(done));
  });
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* JobService::WatchEvents(grpc::CallbackServerContext* context,
                                                                    const grpc::ByteBuffer* request) {
  return StartWatch(calls_, admission_->Admit(*context), *request);
}

}  // namespace spool::rpc

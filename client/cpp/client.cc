#include "client/cpp/client.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "client/cpp/channel.h"
#include "client/cpp/status.h"
#include "grpcpp/client_context.h"
#include "server/base/status_macros.h"

namespace spool::client {
namespace {

// The request that consists of a job's id.
template <typename Request>
Request ForJob(absl::string_view job_id) {
  Request request;
  request.set_job_id(std::string(job_id));
  return request;
}

// One unary call.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                              const Request& request, absl::Duration deadline) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(deadline));
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  return response;
}

}  // namespace

Client::Client(absl::string_view address, Options options)
    : Client(MakeChannel(address, options.channel), MakeChannel(address, options.channel), options) {}

Client::Client(std::shared_ptr<grpc::Channel> calls, std::shared_ptr<grpc::Channel> watches, Options options)
    : options_(std::move(options)),
      jobs_(v1::JobService::NewStub(calls)),
      queue_(v1::QueueService::NewStub(calls)),
      media_(v1::MediaService::NewStub(calls)),
      watches_(v1::JobService::NewStub(watches)) {}

template <typename Call>
auto Client::Repeat(WhenAway when_away, const Call& call) {
  Backoff backoff(options_.backoff);
  const int retries = when_away == WhenAway::kRetry ? options_.retries : 0;
  for (int retry = 0;; ++retry) {
    auto response = call();
    if (!IsServerAway(response.status()) || retry == retries) return response;
    if (options_.on_retry) options_.on_retry(response.status());
    const absl::Duration asked = RetryDelayOf(response.status()).value_or(absl::ZeroDuration());
    const absl::Duration delay = std::max(backoff.Next(), std::min(asked, options_.backoff.max));
    if (options_.pause) {
      options_.pause(delay);
    } else {
      absl::SleepFor(delay);
    }
  }
}

absl::StatusOr<v1::EnqueueResponse> Client::Enqueue(const v1::EnqueueRequest& request) {
  const WhenAway when_away = request.request_id().empty() ? WhenAway::kFail : WhenAway::kRetry;
  return Repeat(when_away,
                [&] { return Call(*jobs_, &v1::JobService::StubInterface::Enqueue, request, options_.deadline); });
}

absl::StatusOr<v1::EnqueueBatchResponse> Client::EnqueueBatch(const v1::EnqueueBatchRequest& request) {
  return Call(*jobs_, &v1::JobService::StubInterface::EnqueueBatch, request, options_.deadline);
}

absl::StatusOr<v1::GetJobResponse> Client::GetJob(absl::string_view job_id, WhenAway when_away) {
  const v1::GetJobRequest request = ForJob<v1::GetJobRequest>(job_id);
  return Repeat(when_away,
                [&] { return Call(*jobs_, &v1::JobService::StubInterface::GetJob, request, options_.deadline); });
}

absl::StatusOr<v1::ListJobsResponse> Client::ListJobs(const v1::ListJobsRequest& request) {
  return Call(*jobs_, &v1::JobService::StubInterface::ListJobs, request, options_.deadline);
}

absl::StatusOr<v1::CancelJobResponse> Client::CancelJob(absl::string_view job_id) {
  return Call(*jobs_, &v1::JobService::StubInterface::CancelJob, ForJob<v1::CancelJobRequest>(job_id),
              options_.deadline);
}

absl::StatusOr<v1::RetryJobResponse> Client::RetryJob(absl::string_view job_id) {
  return Call(*jobs_, &v1::JobService::StubInterface::RetryJob, ForJob<v1::RetryJobRequest>(job_id), options_.deadline);
}

absl::StatusOr<v1::DeleteJobResponse> Client::DeleteJob(absl::string_view job_id) {
  return Call(*jobs_, &v1::JobService::StubInterface::DeleteJob, ForJob<v1::DeleteJobRequest>(job_id),
              options_.deadline);
}

absl::StatusOr<v1::PlanJobResponse> Client::PlanJob(const v1::EnqueueRequest& job) {
  v1::PlanJobRequest request;
  *request.mutable_job() = job;
  return Call(*jobs_, &v1::JobService::StubInterface::PlanJob, request, options_.probe_deadline);
}

absl::StatusOr<v1::ListPresetsResponse> Client::ListPresets() {
  return Call(*jobs_, &v1::JobService::StubInterface::ListPresets, v1::ListPresetsRequest(), options_.deadline);
}

absl::StatusOr<v1::ListEventsResponse> Client::ListEvents(const v1::ListEventsRequest& request) {
  return Call(*jobs_, &v1::JobService::StubInterface::ListEvents, request, options_.deadline);
}

std::unique_ptr<EventWatcher> Client::Watch(const v1::WatchEventsRequest& request, EventWatcher::Options options) {
  return std::make_unique<EventWatcher>(watches_, request, std::move(options));
}

absl::StatusOr<v1::GetQueueStatsResponse> Client::GetQueueStats() {
  return Call(*queue_, &v1::QueueService::StubInterface::GetQueueStats, v1::GetQueueStatsRequest(), options_.deadline);
}

absl::Status Client::PauseQueue() {
  return Call(*queue_, &v1::QueueService::StubInterface::PauseQueue, v1::PauseQueueRequest(), options_.deadline)
      .status();
}

absl::Status Client::ResumeQueue() {
  return Call(*queue_, &v1::QueueService::StubInterface::ResumeQueue, v1::ResumeQueueRequest(), options_.deadline)
      .status();
}

absl::StatusOr<v1::UploadMediaResponse> Client::Upload(const std::string& path, const TransferProgress& progress) {
  return client::Upload(*media_, path, progress);
}

absl::StatusOr<int64_t> Client::Download(const std::string& job_id, const std::string& path, Existing existing,
                                         const TransferProgress& progress) {
  return Download(ForJob<v1::DownloadMediaRequest>(job_id), path, existing, progress);
}

absl::StatusOr<int64_t> Client::Download(const v1::DownloadMediaRequest& request, const std::string& path,
                                         Existing existing, const TransferProgress& progress) {
  return client::Download(*media_, request, path, existing, progress);
}

absl::StatusOr<v1::ProbeMediaResponse> Client::ProbeMedia(absl::string_view input) {
  v1::ProbeMediaRequest request;
  request.set_input(std::string(input));
  return Call(*media_, &v1::MediaService::StubInterface::ProbeMedia, request, options_.probe_deadline);
}

}  // namespace spool::client

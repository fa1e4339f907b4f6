// A server that answers as a test tells it to.

#ifndef SPOOL_CLIENT_CPP_FAKE_SERVER_H_
#define SPOOL_CLIENT_CPP_FAKE_SERVER_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/server.h"
#include "spool/v1/job_service.grpc.pb.h"
#include "spool/v1/media_service.grpc.pb.h"
#include "spool/v1/notification_service.grpc.pb.h"
#include "spool/v1/queue_service.grpc.pb.h"

namespace spool::client {

// What one WatchEvents call does: sends `responses`, then ends with `end`; without it, stays silent until the client
// goes away.
struct StreamScript {
  std::vector<v1::WatchEventsResponse> responses;
  std::optional<grpc::Status> end;
};

// A status as Spool makes them, with an ErrorInfo; and a RetryInfo when `retry_delay_ms` is given.
grpc::Status StatusWithReason(grpc::StatusCode code, const std::string& message, const std::string& reason,
                              int retry_delay_ms = 0);

// All services on a free port of the loopback. A handler that a test leaves empty answers UNIMPLEMENTED. Set
// handlers before calls are made; they run on gRPC's threads, one call at a time.
class FakeServer {
 public:
  template <typename Request, typename Response>
  using Handler = std::function<grpc::Status(const Request&, Response*)>;

  FakeServer();
  ~FakeServer();

  const std::string& address() const { return address_; }

  // Adds what the next WatchEvents call does. A call without a script answers UNIMPLEMENTED.
  void AddStream(StreamScript script) ABSL_LOCKS_EXCLUDED(mu_);
  // The requests of all WatchEvents calls so far.
  std::vector<v1::WatchEventsRequest> watch_requests() const ABSL_LOCKS_EXCLUDED(mu_);

  Handler<v1::EnqueueRequest, v1::EnqueueResponse> enqueue;
  Handler<v1::GetJobRequest, v1::GetJobResponse> get_job;
  Handler<v1::ListJobsRequest, v1::ListJobsResponse> list_jobs;
  Handler<v1::CancelJobRequest, v1::CancelJobResponse> cancel_job;
  Handler<v1::RetryJobRequest, v1::RetryJobResponse> retry_job;
  Handler<v1::DeleteJobRequest, v1::DeleteJobResponse> delete_job;
  Handler<v1::PlanJobRequest, v1::PlanJobResponse> plan_job;
  Handler<v1::ListPresetsRequest, v1::ListPresetsResponse> list_presets;
  Handler<v1::GetQueueStatsRequest, v1::GetQueueStatsResponse> get_queue_stats;
  Handler<v1::PauseQueueRequest, v1::PauseQueueResponse> pause_queue;
  Handler<v1::ResumeQueueRequest, v1::ResumeQueueResponse> resume_queue;
  Handler<v1::ProbeMediaRequest, v1::ProbeMediaResponse> probe_media;
  Handler<v1::ListTargetsRequest, v1::ListTargetsResponse> list_targets;
  Handler<v1::ListDeliveriesRequest, v1::ListDeliveriesResponse> list_deliveries;
  Handler<v1::SendTestRequest, v1::SendTestResponse> send_test;
  Handler<v1::RedeliverRequest, v1::RedeliverResponse> redeliver;
  // Gets the whole upload: its header and all bytes.
  std::function<grpc::Status(const v1::UploadMediaHeader&, const std::string&, v1::UploadMediaResponse*)> upload_media;
  // Sends the chunks that it is given, then its status.
  std::function<grpc::Status(const v1::DownloadMediaRequest&, std::vector<v1::DownloadMediaResponse>*)> download_media;

 private:
  class Jobs;
  class Queue;
  class Media;
  class Notifications;

  std::optional<StreamScript> TakeStream(const v1::WatchEventsRequest& request) ABSL_LOCKS_EXCLUDED(mu_);

  mutable absl::Mutex mu_;
  std::deque<StreamScript> streams_ ABSL_GUARDED_BY(mu_);
  std::vector<v1::WatchEventsRequest> watch_requests_ ABSL_GUARDED_BY(mu_);

  std::unique_ptr<Jobs> jobs_;
  std::unique_ptr<Queue> queue_;
  std::unique_ptr<Media> media_;
  std::unique_ptr<Notifications> notifications_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace spool::client

#endif  // SPOOL_CLIENT_CPP_FAKE_SERVER_H_

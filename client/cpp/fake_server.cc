#include "client/cpp/fake_server.h"

#include <atomic>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/server_builder.h"

namespace spool::client {
namespace {

grpc::Status Unscripted() { return {grpc::StatusCode::UNIMPLEMENTED, "the test did not expect this call"}; }

// Plays one script. Deletes itself when the call is over.
class ScriptedStream : public grpc::ServerWriteReactor<v1::WatchEventsResponse> {
 public:
  explicit ScriptedStream(StreamScript script) : script_(std::move(script)) { WriteNext(); }

  void OnWriteDone(bool ok) override {
    if (ok) {
      WriteNext();
    } else {
      End(grpc::Status::CANCELLED);
    }
  }
  void OnCancel() override { End(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

 private:
  void WriteNext() {
    if (next_ < script_.responses.size()) {
      StartWrite(&script_.responses[next_++]);
    } else if (script_.end.has_value()) {
      End(*script_.end);
    }
  }
  void End(const grpc::Status& status) {
    if (!ended_.exchange(true)) Finish(status);
  }

  const StreamScript script_;
  size_t next_ = 0;
  std::atomic<bool> ended_ = false;
};

template <typename Handler, typename Request, typename Response>
grpc::Status Answer(const Handler& handler, const Request* request, Response* response) {
  return handler ? handler(*request, response) : Unscripted();
}

}  // namespace

grpc::Status StatusWithReason(grpc::StatusCode code, const std::string& message, const std::string& reason,
                              int retry_delay_ms) {
  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("spool");
  details.add_details()->PackFrom(info);
  if (retry_delay_ms > 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(retry_delay_ms / 1000);
    retry.mutable_retry_delay()->set_nanos(retry_delay_ms % 1000 * 1000000);
    details.add_details()->PackFrom(retry);
  }
  return {code, message, details.SerializeAsString()};
}

class FakeServer::Jobs : public v1::JobService::WithCallbackMethod_WatchEvents<v1::JobService::Service> {
 public:
  // The blocking form, which gRPC does not call for a callback method.
  using WithCallbackMethod_WatchEvents::WatchEvents;

  explicit Jobs(FakeServer* fake) : fake_(fake) {}

  grpc::Status Enqueue(grpc::ServerContext*, const v1::EnqueueRequest* request,
                       v1::EnqueueResponse* response) override {
    return Answer(fake_->enqueue, request, response);
  }
  grpc::Status GetJob(grpc::ServerContext*, const v1::GetJobRequest* request, v1::GetJobResponse* response) override {
    return Answer(fake_->get_job, request, response);
  }
  grpc::Status ListJobs(grpc::ServerContext*, const v1::ListJobsRequest* request,
                        v1::ListJobsResponse* response) override {
    return Answer(fake_->list_jobs, request, response);
  }
  grpc::Status CancelJob(grpc::ServerContext*, const v1::CancelJobRequest* request,
                         v1::CancelJobResponse* response) override {
    return Answer(fake_->cancel_job, request, response);
  }
  grpc::Status RetryJob(grpc::ServerContext*, const v1::RetryJobRequest* request,
                        v1::RetryJobResponse* response) override {
    return Answer(fake_->retry_job, request, response);
  }
  grpc::Status DeleteJob(grpc::ServerContext*, const v1::DeleteJobRequest* request,
                         v1::DeleteJobResponse* response) override {
    return Answer(fake_->delete_job, request, response);
  }
  grpc::Status PlanJob(grpc::ServerContext*, const v1::PlanJobRequest* request,
                       v1::PlanJobResponse* response) override {
    return Answer(fake_->plan_job, request, response);
  }
  grpc::Status ListPresets(grpc::ServerContext*, const v1::ListPresetsRequest* request,
                           v1::ListPresetsResponse* response) override {
    return Answer(fake_->list_presets, request, response);
  }
  grpc::ServerWriteReactor<v1::WatchEventsResponse>* WatchEvents(grpc::CallbackServerContext*,
                                                                 const v1::WatchEventsRequest* request) override {
    std::optional<StreamScript> script = fake_->TakeStream(*request);
    return new ScriptedStream(script.has_value() ? *std::move(script) : StreamScript{{}, Unscripted()});
  }

 private:
  FakeServer* const fake_;
};

class FakeServer::Queue : public v1::QueueService::Service {
 public:
  explicit Queue(FakeServer* fake) : fake_(fake) {}

  grpc::Status GetQueueStats(grpc::ServerContext*, const v1::GetQueueStatsRequest* request,
                             v1::GetQueueStatsResponse* response) override {
    return Answer(fake_->get_queue_stats, request, response);
  }
  grpc::Status PauseQueue(grpc::ServerContext*, const v1::PauseQueueRequest* request,
                          v1::PauseQueueResponse* response) override {
    return Answer(fake_->pause_queue, request, response);
  }
  grpc::Status ResumeQueue(grpc::ServerContext*, const v1::ResumeQueueRequest* request,
                           v1::ResumeQueueResponse* response) override {
    return Answer(fake_->resume_queue, request, response);
  }

 private:
  FakeServer* const fake_;
};

class FakeServer::Media : public v1::MediaService::Service {
 public:
  explicit Media(FakeServer* fake) : fake_(fake) {}

  grpc::Status UploadMedia(grpc::ServerContext*, grpc::ServerReader<v1::UploadMediaRequest>* reader,
                           v1::UploadMediaResponse* response) override {
    v1::UploadMediaRequest part;
    v1::UploadMediaHeader header;
    std::string bytes;
    while (reader->Read(&part)) {
      if (part.has_header()) header = part.header();
      bytes += part.chunk();
    }
    return fake_->upload_media ? fake_->upload_media(header, bytes, response) : Unscripted();
  }
  grpc::Status DownloadMedia(grpc::ServerContext*, const v1::DownloadMediaRequest* request,
                             grpc::ServerWriter<v1::DownloadMediaResponse>* writer) override {
    if (!fake_->download_media) return Unscripted();
    std::vector<v1::DownloadMediaResponse> chunks;
    const grpc::Status status = fake_->download_media(*request, &chunks);
    for (const v1::DownloadMediaResponse& chunk : chunks) {
      if (!writer->Write(chunk)) break;  // The client is gone.
    }
    return status;
  }
  grpc::Status ProbeMedia(grpc::ServerContext*, const v1::ProbeMediaRequest* request,
                          v1::ProbeMediaResponse* response) override {
    return Answer(fake_->probe_media, request, response);
  }

 private:
  FakeServer* const fake_;
};

class FakeServer::Notifications : public v1::NotificationService::Service {
 public:
  explicit Notifications(FakeServer* fake) : fake_(fake) {}

  grpc::Status ListTargets(grpc::ServerContext*, const v1::ListTargetsRequest* request,
                           v1::ListTargetsResponse* response) override {
    return Answer(fake_->list_targets, request, response);
  }
  grpc::Status ListDeliveries(grpc::ServerContext*, const v1::ListDeliveriesRequest* request,
                              v1::ListDeliveriesResponse* response) override {
    return Answer(fake_->list_deliveries, request, response);
  }
  grpc::Status SendTest(grpc::ServerContext*, const v1::SendTestRequest* request,
                        v1::SendTestResponse* response) override {
    return Answer(fake_->send_test, request, response);
  }
  grpc::Status Redeliver(grpc::ServerContext*, const v1::RedeliverRequest* request,
                         v1::RedeliverResponse* response) override {
    return Answer(fake_->redeliver, request, response);
  }

 private:
  FakeServer* const fake_;
};

FakeServer::FakeServer()
    : jobs_(std::make_unique<Jobs>(this)),
      queue_(std::make_unique<Queue>(this)),
      media_(std::make_unique<Media>(this)),
      notifications_(std::make_unique<Notifications>(this)) {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(jobs_.get());
  builder.RegisterService(queue_.get());
  builder.RegisterService(media_.get());
  builder.RegisterService(notifications_.get());
  server_ = builder.BuildAndStart();
  address_ = absl::StrCat("127.0.0.1:", port);
}

FakeServer::~FakeServer() {
  // A deadline that has passed: streams that are still open are cancelled at once.
  server_->Shutdown(std::chrono::system_clock::now());
}

void FakeServer::AddStream(StreamScript script) {
  absl::MutexLock lock(&mu_);
  streams_.push_back(std::move(script));
}

std::vector<v1::WatchEventsRequest> FakeServer::watch_requests() const {
  absl::MutexLock lock(&mu_);
  return watch_requests_;
}

std::optional<StreamScript> FakeServer::TakeStream(const v1::WatchEventsRequest& request) {
  absl::MutexLock lock(&mu_);
  watch_requests_.push_back(request);
  if (streams_.empty()) return std::nullopt;
  StreamScript script = std::move(streams_.front());
  streams_.pop_front();
  return script;
}

}  // namespace spool::client

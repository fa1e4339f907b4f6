// Spool's services as functions.

#ifndef SPOOL_CLIENT_CPP_CLIENT_H_
#define SPOOL_CLIENT_CPP_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/cpp/backoff.h"
#include "client/cpp/channel.h"
#include "client/cpp/download.h"
#include "client/cpp/event_watcher.h"
#include "client/cpp/upload.h"
#include "grpcpp/channel.h"
#include "spool/v1/job_service.grpc.pb.h"
#include "spool/v1/media_service.grpc.pb.h"
#include "spool/v1/queue_service.grpc.pb.h"

namespace spool::client {

// What a call does while the server cannot be reached.
enum class WhenAway { kFail, kRetry };

// One server. Calls block; every error is the server's (client/cpp/status.h finds its reason), UNAVAILABLE when it
// cannot be reached, or DEADLINE_EXCEEDED. Thread-safe.
//
// Watches have a connection of their own: a server limits the streams of one connection, and calls beyond that limit
// wait in silence until a watch ends.
class Client {
 public:
  struct Options {
    // TLS, and the token to show.
    ChannelOptions channel;
    // Of one unary call.
    absl::Duration deadline = absl::Seconds(30);
    // Of ProbeMedia and PlanJob, which have the server read the file.
    absl::Duration probe_deadline = absl::Minutes(2);
    // How often a call that may be repeated is, while the server is away, and the delays in between: 8 to 15 s in all,
    // for a server that is restarted.
    int retries = 8;
    BackoffPolicy backoff = {.initial = absl::Milliseconds(200), .max = absl::Seconds(3)};
    // Called before a call is repeated, with the status of the try before.
    std::function<void(const absl::Status& cause)> on_retry;
    // For tests: what to do between two tries; sleeps when absent.
    std::function<void(absl::Duration)> pause;
  };

  // `address` is "host:port", or any target that gRPC knows, such as "unix:/path". Connects when first needed. A
  // proxy set in the environment is used unless the host is the loopback.
  explicit Client(absl::string_view address) : Client(address, Options()) {}
  Client(absl::string_view address, Options options);

  // Repeated while the server is away, if `request` has a request_id: then it is the same job however often the request
  // arrives.
  absl::StatusOr<v1::EnqueueResponse> Enqueue(const v1::EnqueueRequest& request);
  absl::StatusOr<v1::EnqueueBatchResponse> EnqueueBatch(const v1::EnqueueBatchRequest& request);
  absl::StatusOr<v1::GetJobResponse> GetJob(absl::string_view job_id, WhenAway when_away = WhenAway::kFail);
  absl::StatusOr<v1::ListJobsResponse> ListJobs(const v1::ListJobsRequest& request);
  absl::StatusOr<v1::CancelJobResponse> CancelJob(absl::string_view job_id);
  absl::StatusOr<v1::RetryJobResponse> RetryJob(absl::string_view job_id);
  absl::StatusOr<v1::DeleteJobResponse> DeleteJob(absl::string_view job_id);
  absl::StatusOr<v1::PlanJobResponse> PlanJob(const v1::EnqueueRequest& job);
  absl::StatusOr<v1::ListPresetsResponse> ListPresets();
  absl::StatusOr<v1::ListEventsResponse> ListEvents(const v1::ListEventsRequest& request);
  // A watch of `request`; opened by its first Next(). May outlive this.
  std::unique_ptr<EventWatcher> Watch(const v1::WatchEventsRequest& request, EventWatcher::Options options);

  absl::StatusOr<v1::GetQueueStatsResponse> GetQueueStats();
  absl::Status PauseQueue();
  absl::Status ResumeQueue();

  // As spool::client::Upload and Download.
  absl::StatusOr<v1::UploadMediaResponse> Upload(const std::string& path, const TransferProgress& progress = nullptr);
  absl::StatusOr<int64_t> Download(const std::string& job_id, const std::string& path, Existing existing,
                                   const TransferProgress& progress = nullptr);
  absl::StatusOr<int64_t> Download(const v1::DownloadMediaRequest& request, const std::string& path, Existing existing,
                                   const TransferProgress& progress = nullptr);
  absl::StatusOr<v1::ProbeMediaResponse> ProbeMedia(absl::string_view input);

 private:
  Client(std::shared_ptr<grpc::Channel> calls, std::shared_ptr<grpc::Channel> watches, Options options);

  // Makes `call` once, or as often as the options say while the server is away.
  template <typename Call>
  auto Repeat(WhenAway when_away, const Call& call);

  const Options options_;
  const std::unique_ptr<v1::JobService::StubInterface> jobs_;
  const std::unique_ptr<v1::QueueService::StubInterface> queue_;
  const std::unique_ptr<v1::MediaService::StubInterface> media_;
  const std::shared_ptr<v1::JobService::StubInterface> watches_;
};

}  // namespace spool::client

#endif  // SPOOL_CLIENT_CPP_CLIENT_H_

// One WatchEvents call, read with a limit on its silence.

#ifndef SPOOL_CLIENT_CPP_EVENT_STREAM_H_
#define SPOOL_CLIENT_CPP_EVENT_STREAM_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/support/async_stream.h"
#include "spool/v1/job_service.grpc.pb.h"

namespace spool::client {

// Not thread-safe, except for Cancel(). The destructor cancels a call that has not ended and waits for its end, which
// needs no answer from the server.
class EventStream {
 public:
  // Starts the call. `stub` must outlive this.
  EventStream(v1::JobService::StubInterface* stub, const v1::WatchEventsRequest& request);
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  // Waits for the next response. nullopt: the server ended the stream with OK. UNAVAILABLE when nothing came within
  // `max_silence` (the call is cancelled then); else the status that the stream ended with. Not to be called again
  // after anything but a response.
  absl::StatusOr<std::optional<v1::WatchEventsResponse>> Read(absl::Duration max_silence);

  // Ends the call; a Read() under way and the next one answer CANCELLED. Thread-safe.
  void Cancel() { context_.TryCancel(); }

 private:
  enum class Step { kDone, kRefused, kSilence };
  // Waits for the one operation that is under way.
  Step Await(absl::Duration max_silence);
  // The status of a call with no operation under way.
  absl::Status Finish();
  // Cancels and lets the operation under way, if any, come to its end.
  void Abandon();

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientAsyncReaderInterface<v1::WatchEventsResponse>> reader_;
  bool under_way_ = false;
  bool started_ = false;
  bool finished_ = false;
};

}  // namespace spool::client

#endif  // SPOOL_CLIENT_CPP_EVENT_STREAM_H_

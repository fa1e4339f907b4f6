// One subscriber of WatchEvents, whose every response is validated.

#ifndef SPOOL_TESTS_SUPPORT_WATCH_H_
#define SPOOL_TESTS_SUPPORT_WATCH_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "spool/v1/job_service.grpc.pb.h"
#include "tests/support/feed_validator.h"

namespace spool::testing {

// A request that begins with the first event.
v1::WatchEventsRequest FromEarliest();

// Follows the feed on one stream at a time. Belongs to one thread; every wait ends with an error when its stream is
// `longest` old.
class Watch {
 public:
  // Opens the first stream.
  Watch(v1::JobService::StubInterface* stub, const v1::WatchEventsRequest& request,
        absl::Duration longest = absl::Minutes(2));
  ~Watch();

  // Waits for the next response. An error is the stream's end (OutOfRange "ended" if that was OK), or
  // FailedPrecondition from the validator.
  absl::StatusOr<v1::WatchEventsResponse> Next();
  // Reads until an event is as wanted, and answers it. The next call goes on with the event after it.
  absl::StatusOr<v1::Event> Until(const std::function<bool(const v1::Event&)>& wanted);
  // The next event of this type about this job. Internal: the job ended first, in another way.
  absl::StatusOr<v1::Event> Until(v1::EventType type, const std::string& job_id);
  // The first response, so that the stream is known to be open.
  absl::Status UntilOpened();
  // Progress above 0 of this job, or so much of it: its worker lives and works.
  absl::Status UntilProgress(const std::string& job_id, double at_least = 0);
  // Reads until everything up to this sequence is covered.
  absl::Status UntilCovered(int64_t sequence);
  // Reads to the end and answers the status that the server gave.
  absl::Status UntilEnd();
  // Ends the stream.
  void Stop();
  // Opens another stream, resuming after the last coverage.
  void Resume(v1::JobService::StubInterface* stub);

  const FeedValidator& feed() const { return *feed_; }
  // What came may be judged after the watch is gone.
  std::shared_ptr<const FeedValidator> shared_feed() const { return feed_; }
  bool draining_seen() const { return draining_seen_; }

 private:
  void Open(v1::JobService::StubInterface* stub);
  // Of the stream that ended; with the server's details.
  absl::Status Ending();

  const std::shared_ptr<FeedValidator> feed_;
  // Far longer than any wait of a healthy test; a sick one shall say where it waited.
  const absl::Duration longest_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReaderInterface<v1::WatchEventsResponse>> reader_;
  bool draining_seen_ = false;
  // Of the response that Until answered from.
  std::deque<v1::Event> unseen_;
};

}  // namespace spool::testing

#endif  // SPOOL_TESTS_SUPPORT_WATCH_H_

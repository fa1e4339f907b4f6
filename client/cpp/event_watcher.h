// A watch that survives its connection: the events of one request, whatever happens to the server in between.

#ifndef SPOOL_CLIENT_CPP_EVENT_WATCHER_H_
#define SPOOL_CLIENT_CPP_EVENT_WATCHER_H_

#include <functional>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "client/cpp/backoff.h"
#include "client/cpp/coverage_chain.h"
#include "client/cpp/event_stream.h"
#include "spool/v1/job_service.grpc.pb.h"

namespace spool::client {

// What becomes of a watch whose very first stream cannot be opened.
enum class FirstOpen {
  // Next() answers UNAVAILABLE: most likely the address is wrong.
  kFail,
  // It is tried again like any later stream.
  kRetry,
};

// Opens WatchEvents and delivers its responses, each once and in order. A stream that breaks, falls silent for 2.5
// heartbeats, or is ended by a server that stops, is followed by another one that resumes exactly after the last
// coverage. Every piece of coverage is checked against the one before.
//
//   EventWatcher watcher(stub, request, {});
//   for (;;) {
//     SPOOL_ASSIGN_OR_RETURN(std::optional<v1::WatchEventsResponse> response, watcher.Next());
//     if (!response.has_value()) break;  // until_terminal is fulfilled
//     ...
//   }
//
// A snapshot that was cut short is sent again from its beginning; an `opened` marker (or `reset`) tells where it
// begins. Next() belongs to one thread at a time; Cancel() is thread-safe.
class EventWatcher {
 public:
  struct Options {
    FirstOpen first_open = FirstOpen::kFail;
    BackoffPolicy backoff;
    // Called within Next() when a stream is lost, once for each time, with its status.
    std::function<void(const absl::Status& cause)> on_lost;
    // Called within Next() when the first response after a loss has come.
    std::function<void()> on_resumed;
    // For tests: the jitter, and the pause before another stream is opened.
    RandomFraction random;
    std::function<void(absl::Duration)> pause;
  };

  EventWatcher(std::shared_ptr<v1::JobService::StubInterface> stub, v1::WatchEventsRequest request, Options options);

  // Waits for the next response. nullopt: the server ended the watch with OK. An error is final:
  //   CANCELLED    Cancel() was called
  //   DATA_LOSS    the coverage has a gap or an overlap, or the server's log is damaged
  //   UNAVAILABLE  only for the first stream, with FirstOpen::kFail
  //   any other    the server's own, such as OUT_OF_RANGE when retention removed what was to follow
  absl::StatusOr<std::optional<v1::WatchEventsResponse>> Next();

  // Ends the watch. Next() answers CANCELLED, also one that is waiting.
  void Cancel() ABSL_LOCKS_EXCLUDED(mu_);

  // A watch of any filter may be resumed here; empty while there is nothing to resume from.
  const std::string& resume_token() const { return chain_.resume_token(); }

 private:
  void OpenStream() ABSL_LOCKS_EXCLUDED(mu_);
  void CloseStream() ABSL_LOCKS_EXCLUDED(mu_);
  bool cancelled() const ABSL_LOCKS_EXCLUDED(mu_);
  // How long this stream may say nothing.
  absl::Duration MaxSilence() const;
  // Whether a stream that ended with `status` is to be followed by another one.
  bool ShouldResume(const absl::Status& status) const;
  void PauseAfter(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);

  const std::shared_ptr<v1::JobService::StubInterface> stub_;
  const Options options_;
  CoverageChain chain_;
  Backoff backoff_;
  absl::Duration heartbeat_;
  bool responded_ = false;       // This stream has.
  bool ever_responded_ = false;  // Any stream has.
  bool lost_ = false;            // on_lost was called and on_resumed was not yet.
  absl::Status final_ = absl::OkStatus();
  bool ended_ = false;

  mutable absl::Mutex mu_;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  // Set and reset under the lock by Next()'s thread, which may read it without.
  std::unique_ptr<EventStream> stream_;
};

}  // namespace spool::client

#endif  // SPOOL_CLIENT_CPP_EVENT_WATCHER_H_

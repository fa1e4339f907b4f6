#include "client/cpp/event_watcher.h"

#include <algorithm>
#include <utility>

#include "client/cpp/status.h"
#include "server/base/proto_time.h"

namespace spool::client {
namespace {

// The server's, when the request names none.
constexpr absl::Duration kDefaultHeartbeat = absl::Seconds(15);
// One heartbeat may be lost or late; two are no accident.
constexpr double kHeartbeatsOfSilence = 2.5;
// Connecting, and reading back what is missing, may take longer than a short heartbeat.
constexpr absl::Duration kOpenLimit = absl::Seconds(20);
// A server may ask for patience, but not for more than this.
constexpr absl::Duration kMaxRetryDelay = absl::Minutes(1);

}  // namespace

EventWatcher::EventWatcher(std::shared_ptr<v1::JobService::StubInterface> stub, v1::WatchEventsRequest request,
                           Options options)
    : stub_(std::move(stub)),
      options_(std::move(options)),
      chain_(request),
      backoff_(options_.backoff, options_.random),
      heartbeat_(request.has_heartbeat_interval() ? FromProto(request.heartbeat_interval()) : kDefaultHeartbeat) {}

absl::StatusOr<std::optional<v1::WatchEventsResponse>> EventWatcher::Next() {
  while (!ended_) {
    if (cancelled()) {
      final_ = absl::CancelledError("the watch was cancelled");
      break;
    }
    if (stream_ == nullptr) OpenStream();
    absl::StatusOr<std::optional<v1::WatchEventsResponse>> read = stream_->Read(MaxSilence());
    if (read.ok() && read->has_value()) {
      const v1::WatchEventsResponse& response = **read;
      if (final_ = chain_.Accept(response); !final_.ok()) break;
      if (response.opened().has_heartbeat_interval()) heartbeat_ = FromProto(response.opened().heartbeat_interval());
      responded_ = ever_responded_ = true;
      backoff_.Reset();
      if (std::exchange(lost_, false) && options_.on_resumed) options_.on_resumed();
      return read;
    }
    CloseStream();
    if (read.ok()) break;
    if (cancelled()) continue;
    if (!ShouldResume(read.status())) {
      final_ = read.status();
      break;
    }
    if (!std::exchange(lost_, true) && options_.on_lost) options_.on_lost(read.status());
    PauseAfter(read.status());
  }
  ended_ = true;
  CloseStream();
  if (!final_.ok()) return final_;
  return std::nullopt;
}

void EventWatcher::Cancel() {
  absl::MutexLock lock(&mu_);
  cancelled_ = true;
  if (stream_ != nullptr) stream_->Cancel();
}

void EventWatcher::OpenStream() {
  auto stream = std::make_unique<EventStream>(stub_.get(), chain_.BeginStream());
  responded_ = false;
  absl::MutexLock lock(&mu_);
  if (cancelled_) stream->Cancel();
  stream_ = std::move(stream);
}

void EventWatcher::CloseStream() {
  std::unique_ptr<EventStream> closing;
  absl::MutexLock lock(&mu_);
  closing = std::move(stream_);
}

bool EventWatcher::cancelled() const {
  absl::MutexLock lock(&mu_);
  return cancelled_;
}

absl::Duration EventWatcher::MaxSilence() const {
  const absl::Duration limit = heartbeat_ * kHeartbeatsOfSilence;
  return responded_ ? limit : std::max(limit, kOpenLimit);
}

bool EventWatcher::ShouldResume(const absl::Status& status) const {
  if (!ever_responded_ && options_.first_open == FirstOpen::kFail) return false;
  if (IsServerAway(status)) return true;
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
      // Too many watches: many clients may be coming back to a new server at once. It says when to try again.
      return ever_responded_ && RetryDelayOf(status).has_value();
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      // Spool's own errors carry an ErrorInfo. Without one, it is how proxies and resets end a watch that was fine.
      return ever_responded_ && !ErrorInfoOf(status).has_value();
    default:
      return false;
  }
}

void EventWatcher::PauseAfter(const absl::Status& status) {
  const absl::Duration asked = std::min(RetryDelayOf(status).value_or(absl::ZeroDuration()), kMaxRetryDelay);
  const absl::Duration delay = std::max(backoff_.Next(), asked);
  if (options_.pause) {
    options_.pause(delay);
    return;
  }
  absl::MutexLock lock(&mu_);
  mu_.AwaitWithTimeout(absl::Condition(&cancelled_), delay);
}

}  // namespace spool::client

#include "server/feed/event_feed.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/errors.h"
#include "server/base/failpoint.h"
#include "server/base/mutex.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"

namespace spool::feed {
namespace {

constexpr absl::Duration kMaxWait = absl::Seconds(20);
// A chunk lives as long as any response that has a piece of it, and a reader that does not read keeps its response for
// ever: a commit of ten thousand events must not stay in memory for one of them.
constexpr size_t kChunkBytes = 64 << 10;

absl::Time SteadyNow() {
  return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

std::vector<std::shared_ptr<const Chunk>> ChunksOf(absl::Span<const store::CommittedEvent> events) {
  std::vector<std::shared_ptr<const Chunk>> chunks;
  while (!events.empty()) {
    size_t count = 1;
    for (size_t bytes = events[0].bytes.size(); count < events.size(); ++count) {
      bytes += events[count].bytes.size();
      if (bytes > kChunkBytes) break;
    }
    chunks.push_back(Chunk::Of(events.first(count)));
    events.remove_prefix(count);
  }
  return chunks;
}

absl::Status Draining() {
  return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "SERVER_DRAINING", "the server is stopping"),
                        absl::Seconds(1));
}

absl::Duration HeartbeatOf(const v1::WatchEventsRequest& request) {
  if (!request.has_heartbeat_interval()) return absl::Seconds(15);
  return std::clamp(FromProto(request.heartbeat_interval()), absl::Duration(absl::Seconds(1)),
                    absl::Duration(absl::Seconds(60)));
}

}  // namespace

EventFeed::EventFeed(store::JobStore* store, FeedOptions options)
    : store_(store), options_([&] {
        if (!options.monotonic_now) options.monotonic_now = SteadyNow;
        return std::move(options);
      }()) {
  {
    MutexLock lock(&mu_);
    range_ = store_->Range();
  }
  store_->AddListener(this);
  for (int i = 0; i < options_.live_threads; ++i) {
    threads_.emplace_back([this] { Work(&live_queue_, Subscription::Thread::kLive); });
  }
  for (int i = 0; i < options_.disk_threads; ++i) {
    threads_.emplace_back([this] { Work(&disk_queue_, Subscription::Thread::kDisk); });
  }
  if (options_.live_threads > 0) threads_.emplace_back([this] { Tick(); });
}

EventFeed::~EventFeed() { Stop(); }

void EventFeed::Stop() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  MutexLock lock(&mu_);
  // Subscriptions and sinks may refer to each other; the feed's own references end here.
  parked_.clear();
  live_queue_.clear();
  disk_queue_.clear();
}

absl::StatusOr<std::shared_ptr<Subscription>> EventFeed::Watch(const v1::WatchEventsRequest& request,
                                                               std::shared_ptr<Sink> sink) {
  SPOOL_RETURN_IF_ERROR(CheckFilter(request.filter()));
  if (request.max_batch_events() < 0 || request.max_batch_events() > 4096) {
    return FieldError("max_batch_events", "must be 0 to 4096");
  }
  if (request.until_terminal() && request.filter().job_ids().empty()) {
    return FieldError("until_terminal", "needs at least one job in filter.job_ids");
  }
  if (request.start_case() == v1::WatchEventsRequest::kAfterSequence && request.after_sequence() < 0) {
    return FieldError("after_sequence", "must be 0 or more");
  }
  if (!v1::StartAt_IsValid(request.start_at())) return FieldError("start_at", "is not a known place");
  if (!v1::OnCompacted_IsValid(request.on_compacted())) return FieldError("on_compacted", "is not known");
  return Add(std::shared_ptr<Subscription>(
      new Subscription(this, std::move(sink), Subscription::Mode::kStream, request, HeartbeatOf(request))));
}

absl::StatusOr<std::shared_ptr<Subscription>> EventFeed::Page(const v1::ListEventsRequest& request,
                                                              std::shared_ptr<Sink> sink) {
  SPOOL_RETURN_IF_ERROR(CheckFilter(request.filter()));
  if (request.page_size() < 0) return FieldError("page_size", "must not be negative");
  const absl::Duration wait = FromProto(request.wait());
  if (wait < absl::ZeroDuration() || wait > kMaxWait) return FieldError("wait", "must be 0 to 20 s");
  v1::WatchEventsRequest as_watch;
  switch (request.start_case()) {
    case v1::ListEventsRequest::kResumeToken:
      as_watch.set_resume_token(request.resume_token());
      break;
    case v1::ListEventsRequest::kAfterSequence:
      if (request.after_sequence() < 0) return FieldError("after_sequence", "must be 0 or more");
      as_watch.set_after_sequence(request.after_sequence());
      break;
    case v1::ListEventsRequest::kStartAt:
      if (request.start_at() != v1::START_AT_LATEST && request.start_at() != v1::START_AT_EARLIEST) {
        return FieldError("start_at", "must be LATEST or EARLIEST");
      }
      as_watch.set_start_at(request.start_at());
      break;
    case v1::ListEventsRequest::START_NOT_SET:
      as_watch.set_start_at(v1::START_AT_EARLIEST);
      break;
  }
  *as_watch.mutable_filter() = request.filter();
  as_watch.set_max_batch_events(std::min(request.page_size(), 4096));
  return Add(std::shared_ptr<Subscription>(
      new Subscription(this, std::move(sink), Subscription::Mode::kPage, std::move(as_watch), wait)));
}

absl::StatusOr<std::shared_ptr<Subscription>> EventFeed::Add(std::shared_ptr<Subscription> subscription) {
  MutexLock lock(&mu_);
  if (draining_ || stopping_) return Draining();
  if (subscription_count_ >= options_.max_subscriptions) {
    return WithRetryDelay(Error(absl::StatusCode::kResourceExhausted, "WATCH_LIMIT",
                                absl::StrCat(options_.max_subscriptions, " streams are open already")),
                          absl::Seconds(5));
  }
  ++subscription_count_;
  subscription->place_ = Subscription::Place::kQueued;
  live_queue_.push_back(subscription);
  return subscription;
}

void EventFeed::Drain() {
  MutexLock lock(&mu_);
  draining_ = true;
  drain_until_ = Now() + options_.max_drain_time;
  while (!parked_.empty()) WakeLocked(std::shared_ptr<Subscription>(parked_.front()));
}

bool EventFeed::WaitUntilIdle(absl::Duration timeout) {
  MutexLock lock(&mu_);
  return mu_.AwaitWithTimeout(Condition(
                                  +[](int* count) { return *count == 0; }, &subscription_count_),
                              timeout);
}

store::LogRange EventFeed::Range() const {
  ReaderMutexLock lock(&mu_);
  return range_;
}

bool EventFeed::draining() const {
  ReaderMutexLock lock(&mu_);
  return draining_;
}

void EventFeed::CountSent(int64_t events, int64_t lag) {
  const auto bucket = std::lower_bound(FeedFigures::kLagBounds.begin(), FeedFigures::kLagBounds.end(), lag);
  delivered_.fetch_add(events, std::memory_order_relaxed);
  lag_[bucket - FeedFigures::kLagBounds.begin()].fetch_add(1, std::memory_order_relaxed);
  lag_sum_.fetch_add(lag, std::memory_order_relaxed);
}

FeedFigures EventFeed::figures() const {
  FeedFigures figures;
  figures.delivered = delivered_;
  for (size_t i = 0; i < lag_.size(); ++i) figures.lag[i] = lag_[i];
  figures.lag_sum = lag_sum_;
  return figures;
}

bool EventFeed::must_end() const {
  ReaderMutexLock lock(&mu_);
  return draining_ && Now() >= drain_until_;
}

int EventFeed::subscriptions() const {
  ReaderMutexLock lock(&mu_);
  return subscription_count_;
}

void EventFeed::OnCommit(absl::Span<const store::CommittedEvent> events) {
  std::vector<std::shared_ptr<const Chunk>> chunks = ChunksOf(events);
  MutexLock lock(&mu_);
  range_.head = chunks.back()->last();
  for (auto& chunk : chunks) {
    ring_event_count_ += chunk->size();
    ring_byte_count_ += static_cast<int64_t>(chunk->bytes().size());
    ring_.push_back(std::move(chunk));
  }
  while (ring_.size() > 1 && (ring_event_count_ > options_.ring_events || ring_byte_count_ > options_.ring_bytes)) {
    ring_event_count_ -= ring_.front()->size();
    ring_byte_count_ -= static_cast<int64_t>(ring_.front()->bytes().size());
    ring_.pop_front();
  }
  Pass(FailPoint::kBeforeWake);
  for (const auto& subscription : parked_) {
    subscription->place_ = Subscription::Place::kQueued;
    live_queue_.push_back(subscription);
  }
  parked_.clear();
}

void EventFeed::OnCompacted(int64_t earliest) {
  MutexLock lock(&mu_);
  range_.earliest = earliest;
}

std::vector<std::shared_ptr<const Chunk>> EventFeed::FromRing(int64_t after) const {
  std::vector<std::shared_ptr<const Chunk>> chunks;
  ReaderMutexLock lock(&mu_);
  // What retention removed is not served from memory either: streams must not differ by what happens to be cached.
  if (after + 1 < range_.earliest || ring_.empty() || ring_.front()->first() > after + 1) return chunks;
  auto chunk = std::lower_bound(ring_.begin(), ring_.end(), after + 1,
                                [](const auto& candidate, int64_t wanted) { return candidate->last() < wanted; });
  for (int64_t events = 0; chunk != ring_.end() && events < options_.max_scan; ++chunk) {
    events += (*chunk)->size();
    chunks.push_back(*chunk);
  }
  return chunks;
}

void EventFeed::WatchSnapshot(const std::shared_ptr<Subscription>& subscription) {
  MutexLock lock(&mu_);
  snapshotting_.push_back(subscription);
}

void EventFeed::Wake(const std::shared_ptr<Subscription>& subscription) {
  MutexLock lock(&mu_);
  WakeLocked(subscription);
}

void EventFeed::WakeLocked(const std::shared_ptr<Subscription>& subscription) {
  switch (subscription->place_) {
    case Subscription::Place::kParked:
      live_queue_.push_back(subscription);
      subscription->place_ = Subscription::Place::kQueued;
      parked_.erase(subscription->parked_at_);
      return;
    case Subscription::Place::kSending:
      live_queue_.push_back(subscription);
      subscription->place_ = Subscription::Place::kQueued;
      return;
    case Subscription::Place::kBusy:
      subscription->again_ = true;
      return;
    case Subscription::Place::kQueued:
    case Subscription::Place::kGone:
      return;
  }
}

void EventFeed::Work(std::deque<std::shared_ptr<Subscription>>* queue, Subscription::Thread kind) {
  for (;;) {
    std::shared_ptr<Subscription> subscription;
    {
      MutexLock lock(&mu_);
      const auto ready = [this, queue]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_ || !queue->empty(); };
      mu_.Await(Condition(&ready));
      if (stopping_) return;
      subscription = std::move(queue->front());
      queue->pop_front();
      subscription->place_ = Subscription::Place::kBusy;
      subscription->again_ = false;
    }
    Settle(subscription, subscription->Step(kind));
  }
}

void EventFeed::Settle(const std::shared_ptr<Subscription>& subscription, Subscription::Next next) {
  MutexLock lock(&mu_);
  switch (next) {
    case Subscription::Next::kSent:
      // OnSent may have come while the step was still returning; then it has left its mark.
      if (!subscription->again_) {
        subscription->place_ = Subscription::Place::kSending;
        return;
      }
      break;
    case Subscription::Next::kPark:
      if (!subscription->again_ && range_.head <= subscription->cursor_ && !draining_) {
        subscription->place_ = Subscription::Place::kParked;
        subscription->parked_at_ = parked_.insert(parked_.end(), subscription);
        return;
      }
      break;
    case Subscription::Next::kDisk:
      subscription->place_ = Subscription::Place::kQueued;
      disk_queue_.push_back(subscription);
      return;
    case Subscription::Next::kAgain:
      break;
    case Subscription::Next::kDone:
      subscription->place_ = Subscription::Place::kGone;
      --subscription_count_;
      return;
  }
  subscription->place_ = Subscription::Place::kQueued;
  live_queue_.push_back(subscription);
}

void EventFeed::Tick() {
  for (;;) {
    const int64_t progress = progress_.version();
    MutexLock lock(&mu_);
    if (mu_.AwaitWithTimeout(Condition(&stopping_), options_.tick)) return;
    TickOnce(progress);
  }
}

void EventFeed::TickOnce(int64_t progress) {
  const absl::Time now = Now();
  for (auto next = parked_.begin(); next != parked_.end();) {
    const std::shared_ptr<Subscription> subscription = *next++;
    const bool wants_progress = subscription->request_.include_progress() && subscription->progress_seen_ < progress;
    if (subscription->deadline_ <= now || wants_progress) WakeLocked(subscription);
  }
  for (auto next = snapshotting_.begin(); next != snapshotting_.end();) {
    const auto entry = next++;
    const std::shared_ptr<Subscription> subscription = entry->lock();
    // While it is being sent no step runs, so its state may be read here; a step that runs looks for itself.
    const bool sending = subscription != nullptr && subscription->place_ == Subscription::Place::kSending;
    if (sending && subscription->phase_ == Subscription::Phase::kSnapshot) {
      if (now - subscription->snapshot_began_ > options_.max_snapshot_time) WakeLocked(subscription);
    } else if (subscription == nullptr || sending) {
      snapshotting_.erase(entry);
    }
  }
}

}  // namespace spool::feed

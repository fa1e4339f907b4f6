// The live feed: the log's last stretch in memory, and the threads that carry it to subscribers.
//
// A subscriber is a cursor (Subscription). Nothing is queued for it: when it may send, it reads what follows its
// cursor, from the ring if that is there, else from the store. So a slow one costs a cursor, and the writer never waits
// for any.

#ifndef SPOOL_SERVER_FEED_EVENT_FEED_H_
#define SPOOL_SERVER_FEED_EVENT_FEED_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/feed/chunk.h"
#include "server/feed/progress_board.h"
#include "server/feed/subscription.h"
#include "server/store/job_store.h"

namespace spool::feed {

struct FeedOptions {
  // The ring holds at most this much; older events are read from the store.
  int64_t ring_events = 65536;
  int64_t ring_bytes = int64_t{32} << 20;
  // Of one response.
  int64_t max_batch_bytes = 256 << 10;
  // Log entries that one step looks at, so that a filter that matches nothing cannot keep a thread.
  int max_scan = 4096;
  int max_subscriptions = 20000;
  // Threads that serve from the ring, and threads that may wait for the disk. No live ones: nothing moves by itself, a
  // test makes every step.
  int live_threads = 2;
  int disk_threads = 2;
  // How often heartbeats and progress are looked after.
  absl::Duration tick = absl::Milliseconds(100);
  // A snapshot that its reader does not take within this time is ended: it holds back the cleaning of the log.
  absl::Duration max_snapshot_time = absl::Minutes(5);
  // How long readers that are behind are still served when the feed drains; what they have not got by then, they get
  // when they resume.
  absl::Duration max_drain_time = absl::Seconds(1);
  // Monotonic time.
  std::function<absl::Time()> monotonic_now;
};

// What was sent to streams since the start.
struct FeedFigures {
  // Upper bounds of the buckets of `lag`, in events; above the last is one more.
  static constexpr std::array<int64_t, 7> kLagBounds = {0, 1, 10, 100, 1000, 10000, 100000};
  // Events, each as often as it was sent.
  int64_t delivered = 0;
  // Responses with events, by how many events their stream was behind the log's end afterwards.
  std::array<int64_t, kLagBounds.size() + 1> lag = {};
  int64_t lag_sum = 0;
};

// Thread-safe. Must be made before the store takes writes, and outlive it.
class EventFeed : public store::CommitListener {
 public:
  // `store` outlives Stop().
  EventFeed(store::JobStore* store, FeedOptions options);
  ~EventFeed() override;

  // A new stream that calls `sink` from the feed's threads. INVALID_ARGUMENT, RESOURCE_EXHAUSTED (WATCH_LIMIT) and
  // UNAVAILABLE (SERVER_DRAINING) at once; what needs the store is told by Sink::Finish.
  absl::StatusOr<std::shared_ptr<Subscription>> Watch(const v1::WatchEventsRequest& request,
                                                      std::shared_ptr<Sink> sink);
  // One page: a single Sink::Send, then Finish; or Finish alone with an error.
  absl::StatusOr<std::shared_ptr<Subscription>> Page(const v1::ListEventsRequest& request, std::shared_ptr<Sink> sink);

  // Ends all streams with a Draining mark and UNAVAILABLE, and refuses new ones. A snapshot that is not through in time
  // ends without the mark: what came of it is no place to go on from.
  void Drain();
  // Waits until every stream is ended, at most this long; false if some are not.
  bool WaitUntilIdle(absl::Duration timeout);
  // Ends the threads. After it no sink is called. Idempotent.
  void Stop();

  ProgressBoard& progress() { return progress_; }
  store::LogRange Range() const;
  int subscriptions() const;
  FeedFigures figures() const;

  // store::CommitListener:
  void OnCommit(absl::Span<const store::CommittedEvent> events) override;
  void OnCompacted(int64_t earliest) override;

 private:
  friend class Subscription;
  friend class Schedule;  // schedule_test.cc

  // The chunks that follow `after` in the ring, up to max_scan events; empty if the ring does not reach back to it.
  std::vector<std::shared_ptr<const Chunk>> FromRing(int64_t after) const;
  bool draining() const;
  // It drains, and readers that are behind have had their time.
  bool must_end() const;
  absl::Time Now() const { return options_.monotonic_now(); }

  absl::StatusOr<std::shared_ptr<Subscription>> Add(std::shared_ptr<Subscription> subscription);
  // The subscription has a snapshot open from now on; a tick ends it when it takes too long.
  void WatchSnapshot(const std::shared_ptr<Subscription>& subscription);
  // Makes the subscription step soon, wherever it is.
  void Wake(const std::shared_ptr<Subscription>& subscription);
  void WakeLocked(const std::shared_ptr<Subscription>& subscription) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Work(std::deque<std::shared_ptr<Subscription>>* queue, Subscription::Thread kind);
  void Settle(const std::shared_ptr<Subscription>& subscription, Subscription::Next next);
  void Tick();
  void TickOnce(int64_t progress) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  store::JobStore* const store_;
  const FeedOptions options_;
  ProgressBoard progress_;
  // A stream sent this many events and is this far behind.
  void CountSent(int64_t events, int64_t lag);
  std::atomic<int64_t> delivered_{0};
  std::array<std::atomic<int64_t>, FeedFigures::kLagBounds.size() + 1> lag_ = {};
  std::atomic<int64_t> lag_sum_{0};

  // Guards the ring, the head and where each subscription is: a subscription parks only if the head has not moved past
  // it, in the same critical section in which a commit moves the head and wakes the parked. So no wake-up is lost.
  mutable Mutex mu_;
  std::deque<std::shared_ptr<const Chunk>> ring_ ABSL_GUARDED_BY(mu_);
  int64_t ring_event_count_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t ring_byte_count_ ABSL_GUARDED_BY(mu_) = 0;
  store::LogRange range_ ABSL_GUARDED_BY(mu_);
  std::list<std::shared_ptr<Subscription>> parked_ ABSL_GUARDED_BY(mu_);
  std::deque<std::shared_ptr<Subscription>> live_queue_ ABSL_GUARDED_BY(mu_);
  std::deque<std::shared_ptr<Subscription>> disk_queue_ ABSL_GUARDED_BY(mu_);
  std::list<std::weak_ptr<Subscription>> snapshotting_ ABSL_GUARDED_BY(mu_);
  int subscription_count_ ABSL_GUARDED_BY(mu_) = 0;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  absl::Time drain_until_ ABSL_GUARDED_BY(mu_) = absl::InfiniteFuture();
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  std::vector<std::thread> threads_;
};

}  // namespace spool::feed

#endif  // SPOOL_SERVER_FEED_EVENT_FEED_H_

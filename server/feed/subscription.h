// One subscriber: a cursor into the log, and the rules of what it is sent next.

#ifndef SPOOL_SERVER_FEED_SUBSCRIPTION_H_
#define SPOOL_SERVER_FEED_SUBSCRIPTION_H_

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/feed/chunk.h"
#include "server/feed/filter.h"
#include "server/store/job_store.h"
#include "spool/v1/job_service.pb.h"

namespace spool::feed {

class EventFeed;

// A piece of a chunk's bytes.
struct Run {
  std::shared_ptr<const Chunk> chunk;
  size_t begin;
  size_t end;
};

// One response: the bytes of all `events` in order, then `rest` (which has none), are its encoding.
struct Update {
  std::vector<Run> events;
  v1::WatchEventsResponse rest;
};

// A transport's end of a subscription. Called from the feed's threads, one call at a time, without any lock held.
class Sink {
 public:
  virtual ~Sink() = default;
  // The next response. The transport calls Subscription::OnSent when it may have another.
  virtual void Send(Update update) = 0;
  // The stream is over; the last call.
  virtual void Finish(absl::Status status) = 0;
};

// Made by EventFeed. The transport calls OnSent and Cancel, from any thread; everything else happens in the feed.
class Subscription : public std::enable_shared_from_this<Subscription> {
 public:
  // The transport took the last Update.
  void OnSent();
  // The reader is gone: frees what the subscription holds. The sink may be called once more if a step is under way.
  void Cancel();

 private:
  friend class EventFeed;
  friend class Schedule;  // schedule_test.cc

  // What kind of thread steps.
  enum class Thread { kLive, kDisk };
  // Where to go after a step.
  enum class Next {
    kSent,   // waits for OnSent
    kPark,   // nothing to say: waits for a commit, progress, or deadline_
    kAgain,  // more to do, after others had their turn
    kDisk,   // needs the store
    kDone,   // finished
  };
  enum class Phase { kOpening, kSnapshot, kTail, kEnding };
  enum class Mode { kStream, kPage };

  // Which of the jobs that `until_terminal` waits for are done.
  class Tracker {
   public:
    explicit Tracker(const google::protobuf::RepeatedPtrField<std::string>& job_ids);
    bool Tracks(uint64_t job_hash) const { return hashes_.contains(job_hash); }
    void Observe(const std::string& job_id, bool done);
    bool AllDone() const { return open_ == 0; }
    const absl::flat_hash_map<std::string, bool>& jobs() const { return done_; }

   private:
    absl::flat_hash_map<std::string, bool> done_;
    absl::flat_hash_set<uint64_t> hashes_;
    int open_;
  };

  struct Batch {
    std::vector<Run> events;
    int count = 0;
    int64_t bytes = 0;
  };

  Subscription(EventFeed* feed, std::shared_ptr<Sink> sink, Mode mode, v1::WatchEventsRequest request,
               absl::Duration heartbeat);

  // Does the next thing. Only one thread steps at a time.
  Next Step(Thread thread);
  Next Open(Thread thread);
  Next SendOpened();
  Next StepSnapshot(Thread thread);
  Next StepTail(Thread thread);
  // The server stops: says where to go on, wherever the cursor is.
  Next EndDraining();
  // Reads on from the cursor into `batch`, moving it. True: goes on. False: only a disk thread can.
  absl::StatusOr<bool> ReadOn(Thread thread, Batch& batch);
  void Scan(const std::shared_ptr<const Chunk>& chunk, Batch& batch);
  bool Full(const Batch& batch) const;
  // What the log cannot give any more, or has never had.
  Next OnReadError(const absl::Status& error);
  // Events, if any, with the coverage up to the cursor and what progress there is.
  Next SendTail(Batch batch);
  // Sends, then ends the stream.
  Next SendLast(Update update, absl::Status ending);
  Next Finish(absl::Status status);
  // Where the stream begins, be it in the future; SNAPSHOT is left to the caller.
  absl::StatusOr<int64_t> ResolveStart(const store::LogRange& range) const;
  absl::Status Compacted(int64_t after, const store::LogRange& range) const;
  // "Everything up to `through` was looked at": moves covered_.
  void Cover(v1::WatchEventsResponse& response, int64_t through);
  Next Send(Update update);

  EventFeed* const feed_;
  const std::shared_ptr<Sink> sink_;
  const Mode mode_;
  const v1::WatchEventsRequest request_;
  const Filter filter_;
  const absl::Duration heartbeat_;
  const int max_batch_events_;
  std::atomic<bool> cancelled_{false};

  // Of the thread that steps.
  Phase phase_ = Phase::kOpening;
  // Looked at up to here, and told of up to there: the difference matched nothing and is told with the next response.
  int64_t cursor_ = 0;
  int64_t covered_ = 0;
  // The stretch of the log that the last read brought, while the cursor is in it.
  std::shared_ptr<const Chunk> from_log_;
  std::optional<Tracker> tracker_;
  std::unique_ptr<store::Snapshot> snapshot_;
  int64_t snapshot_jobs_ = 0;
  absl::Time snapshot_began_;
  absl::Status ending_;

  // Read by the feed's ticks while it is parked, written by steps while it is not.
  absl::Time deadline_ = absl::InfinitePast();
  int64_t progress_seen_ = 0;

  // The feed's, under its lock.
  enum class Place {
    kBusy,     // a thread steps it
    kSending,  // the transport has an update
    kParked,   // nothing to say
    kQueued,   // waits for a thread
    kGone,
  };
  Place place_ = Place::kGone;
  bool again_ = false;
  std::list<std::shared_ptr<Subscription>>::iterator parked_at_;
};

}  // namespace spool::feed

#endif  // SPOOL_SERVER_FEED_SUBSCRIPTION_H_

#include "server/feed/subscription.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/errors.h"
#include "server/base/failpoint.h"
#include "server/base/proto_time.h"
#include "server/feed/event_feed.h"
#include "server/feed/token.h"
#include "server/job/transition.h"

namespace spool::feed {
namespace {

constexpr int kDefaultBatchEvents = 256;
// Jobs of one response of a snapshot. A job's record is bounded by what is kept of a worker's report, some 64 KiB, so
// that a response stays under the 4 MiB that clients accept by default.
constexpr int kSnapshotBatch = 48;
// Pages of a snapshot that one step looks at when its filter matches nothing.
constexpr int kSnapshotPages = 32;
// What one read of the log keeps in memory while its reader takes it, and perhaps never does.
constexpr int64_t kLogReadBytes = 256 << 10;

std::string LogIdText(uint64_t log_id) { return absl::StrFormat("%016x", log_id); }

}  // namespace

Subscription::Tracker::Tracker(const google::protobuf::RepeatedPtrField<std::string>& job_ids) {
  for (const std::string& id : job_ids) {
    done_.emplace(id, false);
    hashes_.insert(HashOf(id));
  }
  open_ = static_cast<int>(done_.size());
}

void Subscription::Tracker::Observe(const std::string& job_id, bool done) {
  const auto found = done_.find(job_id);
  if (found == done_.end() || found->second == done) return;
  found->second = done;
  open_ += done ? -1 : 1;
}

Subscription::Subscription(EventFeed* feed, std::shared_ptr<Sink> sink, Mode mode, v1::WatchEventsRequest request,
                           absl::Duration heartbeat)
    : feed_(feed),
      sink_(std::move(sink)),
      mode_(mode),
      request_(std::move(request)),
      filter_(request_.filter()),
      heartbeat_(heartbeat),
      max_batch_events_(request_.max_batch_events() > 0 ? request_.max_batch_events() : kDefaultBatchEvents) {
  if (request_.until_terminal()) tracker_.emplace(request_.filter().job_ids());
}

void Subscription::OnSent() { feed_->Wake(shared_from_this()); }

void Subscription::Cancel() {
  cancelled_ = true;
  feed_->Wake(shared_from_this());
}

Subscription::Next Subscription::Step(Thread thread) {
  if (cancelled_) {
    snapshot_.reset();
    return Next::kDone;
  }
  switch (phase_) {
    case Phase::kOpening:
      return Open(thread);
    case Phase::kSnapshot:
      return StepSnapshot(thread);
    case Phase::kTail:
      return StepTail(thread);
    case Phase::kEnding:
      return Finish(ending_);
  }
  return Next::kDone;
}

Subscription::Next Subscription::Finish(absl::Status status) {
  snapshot_.reset();
  sink_->Finish(std::move(status));
  return Next::kDone;
}

Subscription::Next Subscription::Send(Update update) {
  // Ticks are not exact: a little early keeps the promise of the interval.
  if (mode_ == Mode::kStream) deadline_ = feed_->Now() + heartbeat_ * 0.9 - feed_->options_.tick;
  sink_->Send(std::move(update));
  return Next::kSent;
}

Subscription::Next Subscription::SendLast(Update update, absl::Status ending) {
  phase_ = Phase::kEnding;
  ending_ = std::move(ending);
  return Send(std::move(update));
}

void Subscription::Cover(v1::WatchEventsResponse& response, int64_t through) {
  const store::LogRange range = feed_->Range();
  v1::Coverage* coverage = response.mutable_coverage();
  coverage->set_after(covered_);
  coverage->set_through(through);
  coverage->set_resume_token(EncodeToken({range.log_id, through}));
  coverage->set_head(std::max(range.head, through));
  covered_ = through;
}

absl::Status Subscription::Compacted(int64_t after, const store::LogRange& range) const {
  return Error(absl::StatusCode::kOutOfRange, "EVENTS_COMPACTED",
               absl::StrCat("events ", after + 1, " to ", range.earliest - 1,
                            " were removed by retention; the oldest kept is ", range.earliest),
               {{"requestedSequence", absl::StrCat(after)},
                {"earliestSequence", absl::StrCat(range.earliest)},
                {"latestSequence", absl::StrCat(range.head)},
                {"earliestResumeToken", EncodeToken({range.log_id, range.earliest - 1})},
                {"logId", LogIdText(range.log_id)}});
}

absl::StatusOr<int64_t> Subscription::ResolveStart(const store::LogRange& range) const {
  int64_t after = 0;
  switch (request_.start_case()) {
    case v1::WatchEventsRequest::kResumeToken: {
      const absl::StatusOr<Position> position = DecodeToken(request_.resume_token());
      if (!position.ok()) return position.status();
      if (position->log_id != range.log_id) {
        return Error(absl::StatusCode::kFailedPrecondition, "LOG_IDENTITY_CHANGED",
                     "the token is of another log: the store was restored or replaced",
                     {{"expectedLogId", LogIdText(position->log_id)}, {"actualLogId", LogIdText(range.log_id)}});
      }
      after = position->sequence;
      break;
    }
    case v1::WatchEventsRequest::kAfterSequence:
      after = request_.after_sequence();
      break;
    case v1::WatchEventsRequest::kStartAt:
      if (request_.start_at() == v1::START_AT_EARLIEST) return range.earliest - 1;
      return range.head;
    case v1::WatchEventsRequest::START_NOT_SET:
      return range.head;
  }
  return after;
}

Subscription::Next Subscription::Open(Thread thread) {
  const bool snapshot =
      request_.start_case() == v1::WatchEventsRequest::kStartAt && request_.start_at() == v1::START_AT_SNAPSHOT;
  if (thread == Thread::kLive && (snapshot || tracker_.has_value())) return Next::kDisk;

  if (snapshot) {
    absl::StatusOr<std::unique_ptr<store::Snapshot>> opened = feed_->store_->OpenSnapshot();
    if (!opened.ok()) return Finish(opened.status());
    snapshot_ = *std::move(opened);
    snapshot_began_ = feed_->Now();
    feed_->WatchSnapshot(shared_from_this());
    cursor_ = covered_ = snapshot_->through();
    phase_ = Phase::kSnapshot;
    return SendOpened();
  }

  const store::LogRange range = feed_->Range();
  const absl::StatusOr<int64_t> after = ResolveStart(range);
  if (!after.ok()) return Finish(after.status());
  if (*after > range.head) {
    // What the store's reads show, tokens included, may be a commit that the feed is about to be told of.
    if (thread == Thread::kLive) return Next::kDisk;
    const auto event = feed_->store_->ReadEvents(*after - 1, 1, 1);
    if (!event.ok() && !absl::IsOutOfRange(event.status())) return Finish(event.status());
    if (event.ok() && event->empty()) {
      return Finish(Error(absl::StatusCode::kOutOfRange, "SEQUENCE_IN_FUTURE",
                          absl::StrCat("the log ends at ", range.head, ", before ", *after),
                          {{"requestedSequence", absl::StrCat(*after)}, {"latestSequence", absl::StrCat(range.head)}}));
    }
  }
  cursor_ = covered_ = *after;
  if (tracker_.has_value()) {
    // Jobs that were finished, and told of, before the stream begins.
    for (const std::string& id : request_.filter().job_ids()) {
      const absl::StatusOr<store::StoredJob> stored = feed_->store_->GetJob(id);
      if (stored.ok() && stored->job.sequence() <= cursor_ && filter_.MatchesProgress(stored->job)) {
        tracker_->Observe(id, job::IsTerminal(stored->job.state()));
      } else if (!stored.ok() && !absl::IsNotFound(stored.status())) {
        return Finish(stored.status());
      }
    }
  }
  phase_ = Phase::kTail;
  return mode_ == Mode::kPage ? Next::kAgain : SendOpened();
}

Subscription::Next Subscription::SendOpened() {
  const store::LogRange range = feed_->Range();
  Update update;
  v1::Opened* opened = update.rest.mutable_opened();
  opened->set_log_id(LogIdText(range.log_id));
  opened->set_earliest_sequence(range.earliest);
  opened->set_head_sequence(range.head);
  *opened->mutable_heartbeat_interval() = ToProto(heartbeat_);
  Cover(update.rest, cursor_);
  return Send(std::move(update));
}

Subscription::Next Subscription::StepSnapshot(Thread thread) {
  if (thread == Thread::kLive) return Next::kDisk;
  if (snapshot_ == nullptr) {
    // After a Reset.
    absl::StatusOr<std::unique_ptr<store::Snapshot>> opened = feed_->store_->OpenSnapshot();
    if (!opened.ok()) return Finish(opened.status());
    snapshot_ = *std::move(opened);
    snapshot_began_ = feed_->Now();
    feed_->WatchSnapshot(shared_from_this());
  }
  if (feed_->Now() - snapshot_began_ > feed_->options_.max_snapshot_time) {
    return Finish(
        Error(absl::StatusCode::kUnavailable, "SNAPSHOT_TOO_SLOW", "the snapshot was not read in time; begin again"));
  }
  if (snapshot_jobs_ > 0) Pass(FailPoint::kInSnapshot);
  for (int page = 0; page < kSnapshotPages; ++page) {
    absl::StatusOr<std::vector<v1::Job>> jobs = snapshot_->Next(kSnapshotBatch);
    if (!jobs.ok()) return Finish(jobs.status());
    Update update;
    if (jobs->empty()) {
      cursor_ = snapshot_->through();
      v1::SnapshotComplete* complete = update.rest.mutable_snapshot_complete();
      complete->set_through(cursor_);
      complete->set_jobs(snapshot_jobs_);
      Cover(update.rest, cursor_);
      snapshot_.reset();
      snapshot_jobs_ = 0;
      phase_ = Phase::kTail;
      return Send(std::move(update));
    }
    for (v1::Job& job : *jobs) {
      if (tracker_.has_value() && filter_.MatchesProgress(job)) {
        tracker_->Observe(job.id(), job::IsTerminal(job.state()));
      }
      if (!filter_.Matches(job)) continue;
      if (job.state() == v1::JOB_STATE_RUNNING) {
        if (auto progress = feed_->progress_.Latest(job.id()); progress.has_value()) {
          *job.mutable_progress() = *std::move(progress);
        }
      }
      *update.rest.add_snapshot_jobs() = std::move(job);
      ++snapshot_jobs_;
    }
    if (update.rest.snapshot_jobs_size() > 0) return Send(std::move(update));
  }
  return Next::kAgain;
}

bool Subscription::Full(const Batch& batch) const {
  return batch.count >= max_batch_events_ || batch.bytes >= feed_->options_.max_batch_bytes;
}

void Subscription::Scan(const std::shared_ptr<const Chunk>& chunk, Batch& batch) {
  const auto take = [&](int i) {
    const size_t begin = chunk->begin(i), end = chunk->end(i);
    if (!batch.events.empty() && batch.events.back().chunk == chunk && batch.events.back().end == begin) {
      batch.events.back().end = end;
    } else {
      batch.events.push_back({chunk, begin, end});
    }
    ++batch.count;
    batch.bytes += static_cast<int64_t>(end - begin);
  };
  for (int i = static_cast<int>(cursor_ + 1 - chunk->first()); i < chunk->size() && !Full(batch); ++i) {
    if (tracker_.has_value() && tracker_->Tracks(chunk->digest(i).job_hash)) {
      const v1::Event event = chunk->Parse(i);
      if (filter_.IsAbout(event)) {
        tracker_->Observe(event.job_id(), job::IsTerminal(event.state()) || event.type() == v1::EVENT_TYPE_DELETED);
      }
    }
    if (filter_.Matches(*chunk, i)) take(i);
    ++cursor_;
  }
}

absl::StatusOr<bool> Subscription::ReadOn(Thread thread, Batch& batch) {
  if (from_log_ != nullptr && from_log_->first() <= cursor_ + 1 && cursor_ < from_log_->last()) {
    Scan(from_log_, batch);
    return true;
  }
  from_log_.reset();
  const std::vector<std::shared_ptr<const Chunk>> chunks = feed_->FromRing(cursor_);
  if (!chunks.empty()) {
    for (const auto& chunk : chunks) {
      if (!Full(batch)) Scan(chunk, batch);
    }
    return true;
  }
  if (thread == Thread::kLive) return false;
  absl::StatusOr<std::vector<store::StoredEvent>> events =
      feed_->store_->ReadEvents(cursor_, feed_->options_.max_scan, kLogReadBytes);
  if (!events.ok()) return events.status();
  if (events->empty()) return true;
  const bool digest = !filter_.all() || tracker_.has_value();
  absl::StatusOr<std::shared_ptr<const Chunk>> chunk =
      Chunk::Of(*events, digest ? Chunk::Digest::kYes : Chunk::Digest::kNo);
  if (!chunk.ok()) return chunk.status();
  from_log_ = *std::move(chunk);
  Scan(from_log_, batch);
  return true;
}

Subscription::Next Subscription::OnReadError(const absl::Status& error) {
  const store::LogRange range = feed_->Range();
  if (!absl::IsOutOfRange(error)) return Finish(error);
  // The read showed a cleaning of the log that the feed has not been told of yet: it will be in a moment.
  if (cursor_ + 1 >= range.earliest) return Next::kAgain;
  if (request_.on_compacted() != v1::ON_COMPACTED_SNAPSHOT || mode_ == Mode::kPage) {
    return Finish(Compacted(cursor_, range));
  }
  Update update;
  update.rest.mutable_reset()->set_first_lost(cursor_ + 1);
  update.rest.mutable_reset()->set_last_lost(range.earliest - 1);
  // Not past what was lost: whoever resumes from here is told again.
  Cover(update.rest, cursor_);
  phase_ = Phase::kSnapshot;
  return Send(std::move(update));
}

Subscription::Next Subscription::SendTail(Batch batch) {
  Update update;
  update.events = std::move(batch.events);
  Cover(update.rest, cursor_);
  if (batch.count > 0) feed_->CountSent(batch.count, update.rest.coverage().head() - cursor_);
  if (request_.include_progress()) {
    for (v1::ProgressSample& sample :
         feed_->progress_.Since(progress_seen_, [this](const v1::Job& job) { return filter_.MatchesProgress(job); })) {
      *update.rest.add_progress() = std::move(sample);
    }
  }
  if (mode_ == Mode::kStream) return Send(std::move(update));
  sink_->Send(std::move(update));
  return Finish(absl::OkStatus());
}

Subscription::Next Subscription::StepTail(Thread thread) {
  if (mode_ == Mode::kPage && deadline_ == absl::InfinitePast()) deadline_ = feed_->Now() + heartbeat_;
  Batch batch;
  const int64_t head = feed_->Range().head;
  const int64_t began = cursor_;
  while (cursor_ < head && !Full(batch)) {
    const absl::StatusOr<bool> went_on = ReadOn(thread, batch);
    if (batch.count > 0 && (!went_on.ok() || !*went_on)) break;  // first what there is; the next step meets it again
    if (!went_on.ok()) return OnReadError(went_on.status());
    if (!*went_on) return Next::kDisk;
    if (batch.count == 0 && cursor_ - began >= feed_->options_.max_scan) break;
  }
  if (batch.count > 0) return SendTail(std::move(batch));

  const bool due = deadline_ <= feed_->Now();
  if (feed_->draining()) {
    if (mode_ == Mode::kPage) return SendTail({});
    Update update;
    update.rest.mutable_draining();
    Cover(update.rest, cursor_);
    return SendLast(std::move(update), WithRetryDelay(Error(absl::StatusCode::kUnavailable, "SERVER_DRAINING",
                                                            "the server is stopping; resume with the last token"),
                                                      absl::Seconds(1)));
  }
  if (cursor_ < head) return due && mode_ == Mode::kStream ? SendTail({}) : Next::kAgain;
  if (tracker_.has_value() && tracker_->AllDone()) {
    Update update;
    Cover(update.rest, cursor_);
    return SendLast(std::move(update), absl::OkStatus());
  }
  if (due) return SendTail({});
  if (request_.include_progress()) {
    int64_t seen = progress_seen_;
    std::vector<v1::ProgressSample> samples =
        feed_->progress_.Since(seen, [this](const v1::Job& job) { return filter_.MatchesProgress(job); });
    progress_seen_ = seen;
    if (!samples.empty()) {
      Update update;
      for (v1::ProgressSample& sample : samples) *update.rest.add_progress() = std::move(sample);
      // Only a response with coverage counts as a heartbeat.
      const absl::Time deadline = deadline_;
      const Next next = Send(std::move(update));
      deadline_ = deadline;
      return next;
    }
  }
  return Next::kPark;
}

}  // namespace spool::feed

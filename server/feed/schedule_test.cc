// The feed under every schedule: the real EventFeed and Subscription, with this test in the place of all threads, the
// store and the transport. What must hold in each: coverage is a chain, events come once and in order, nothing is told
// before it is durable, and whoever parks has nothing left to be told (P1, P2, P4, P5, P7).

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/fake_clock.h"
#include "server/base/mutex.h"
#include "server/feed/event_feed.h"

namespace spool::feed {
namespace {

v1::Event EventOf(int64_t sequence) {
  v1::Event event;
  event.set_sequence(sequence);
  event.set_job_id(absl::StrCat("job", sequence));
  event.set_job_revision(1);
  event.set_video_id(sequence % 3 == 0 ? "third" : "other");
  event.set_type(v1::EVENT_TYPE_QUEUED);
  return event;
}

// A snapshot of as many jobs as there were events: each event is a job's first.
class LogSnapshot : public store::Snapshot {
 public:
  explicit LogSnapshot(int64_t through) : through_(through) {}
  int64_t through() const override { return through_; }
  absl::StatusOr<std::vector<v1::Job>> Next(int limit) override {
    std::vector<v1::Job> jobs;
    for (; next_ <= through_ && static_cast<int>(jobs.size()) < limit; ++next_) {
      const v1::Event event = EventOf(next_);
      v1::Job& job = jobs.emplace_back();
      job.set_id(event.job_id());
      job.set_video_id(event.video_id());
      job.set_sequence(next_);
    }
    return jobs;
  }

 private:
  const int64_t through_;
  int64_t next_ = 1;
};

// The log alone: events earliest to head.
class LogStore : public store::JobStore {
 public:
  int64_t earliest = 1;
  int64_t head = 0;
  std::function<void()> before_read;

  void AddListener(store::CommitListener*) override {}
  void Enqueue(std::vector<job::NewJob>, store::Done<std::vector<absl::StatusOr<store::EnqueuedJob>>>) override {}
  void Cancel(std::string, store::Done<v1::Job>) override {}
  void Retry(std::string, store::Done<v1::Job>) override {}
  void Delete(std::string, store::Done<v1::Job>) override {}
  void SetPaused(bool, store::Done<bool>) override {}
  void Take(Lanes, store::Done<std::optional<store::TakenJob>>) override {}
  void Complete(store::Lease, v1::JobResult, store::Done<v1::Job>) override {}
  void Fail(store::Lease, v1::JobError, store::Done<v1::Job>) override {}
  void HandBack(store::Lease, store::Done<v1::Job>) override {}
  void FinishCancel(store::Lease, store::Done<v1::Job>) override {}
  void Advance(store::Done<absl::Time>) override {}
  void Compact(store::Retention, store::Done<store::Compacted>) override {}
  absl::StatusOr<store::StoredJob> GetJob(absl::string_view) override { return absl::NotFoundError(""); }
  absl::StatusOr<store::JobPage> ListJobs(const v1::JobFilter&, int, int64_t) override { return store::JobPage(); }
  absl::StatusOr<v1::GetQueueStatsResponse> Stats() override {
    v1::GetQueueStatsResponse stats;
    stats.set_earliest_sequence(earliest);
    stats.set_head_sequence(head);
    return stats;
  }
  absl::StatusOr<store::StoreFigures> Figures() override { return store::StoreFigures(); }
  store::LogRange Range() override { return {7, earliest, head}; }
  absl::StatusOr<std::vector<store::StoredEvent>> ReadEvents(int64_t after, int max_events, int64_t) override {
    if (before_read) before_read();
    if (after + 1 < earliest) return absl::OutOfRangeError("gone");
    std::vector<store::StoredEvent> events;
    for (int64_t next = after + 1; next <= head && static_cast<int>(events.size()) < max_events; ++next) {
      events.push_back({next, EventOf(next).SerializeAsString()});
    }
    return events;
  }
  absl::StatusOr<std::unique_ptr<store::Snapshot>> OpenSnapshot() override {
    return std::make_unique<LogSnapshot>(head);
  }
};

// The transport: holds one response until it is taken, and judges what comes.
class Judge : public Sink {
 public:
  Judge(const LogStore* store, bool filtered, int max_batch) : store_(store), filtered_(filtered), batch_(max_batch) {}

  void Send(Update update) override {
    if (held_ || finished_.has_value()) Wrong("a response while there is one, or after the end");
    held_ = true;
    std::string bytes;
    for (const Run& run : update.events) bytes += run.chunk->bytes().substr(run.begin, run.end - run.begin);
    v1::WatchEventsResponse response;
    if (!response.ParseFromString(bytes + update.rest.SerializeAsString())) Wrong("not a response");
    if (response.events_size() > batch_) Wrong("a batch that is too large");
    resets_ += response.has_reset();
    if (!response.has_coverage()) return;
    const v1::Coverage& coverage = response.coverage();
    if (through_ >= 0 && coverage.after() != through_) Wrong("the chain is broken");
    if (coverage.through() > store_->head) Wrong("told before it is durable");
    if (coverage.through() > coverage.head()) Wrong("the head is behind");
    auto event = response.events().begin();
    for (int64_t sequence = coverage.after() + 1; sequence <= coverage.through(); ++sequence) {
      if (response.has_snapshot_complete() || (filtered_ && sequence % 3 != 0)) continue;
      if (event == response.events().end() || event->SerializeAsString() != EventOf(sequence).SerializeAsString()) {
        return Wrong(absl::StrCat("event ", sequence, " is missing"));
      }
      ++event;
    }
    if (event != response.events().end()) Wrong("an event too many");
    through_ = coverage.through();
  }
  void Finish(absl::Status status) override {
    if (finished_.has_value()) Wrong("finished twice");
    finished_ = std::move(status);
  }

  // -1: nothing came.
  int64_t through() const { return through_; }
  bool held() const { return held_; }
  void Take() { held_ = false; }
  int resets() const { return resets_; }
  const std::optional<absl::Status>& finished() const { return finished_; }
  const std::string& wrong() const { return wrong_; }
  void Wrong(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }

 private:
  const LogStore* const store_;
  const bool filtered_;
  const int batch_;
  bool held_ = false;
  int64_t through_ = -1;
  int resets_ = 0;
  std::optional<absl::Status> finished_;
  std::string wrong_;
};

}  // namespace

// What happens in one run, in small steps that a caller chooses.
class Schedule {
 public:
  struct Plan {
    int ring = 8;
    int batch = 4;
    // What is in the log when the feed starts, and what is written after that, so many events to a commit.
    int before = 0;
    int writes = 0;
    int events_per_write = 1;
    // Retention removes what is before this, once; 0: nothing.
    int64_t compact_to = 0;
    // Heartbeats that may come due.
    int beats = 0;
    int64_t after = 0;
    bool filtered = false;
    v1::OnCompacted on_compacted = v1::ON_COMPACTED_FAIL;
    // Whether steps may be met by the writer halfway.
    bool meets = false;
  };
  enum Action {
    kWrite,    // a commit becomes durable
    kCompact,  // the same, of a cleaning
    kTell,     // the feed is told of it
    kLive,     // a live thread makes a step
    kDisk,     // a disk thread does
    kSettle,   // what the step answered is acted on
    kTake,     // the transport has sent the response
    kBeat,     // time passes, and a tick looks
    // The next step is met by a commit, or by a cleaning, while it looks at the clock or reads the store.
    kWriteAtClock,
    kWriteAtRead,
    kCompactAtClock,
    kCompactAtRead,
    kActions,
  };

  explicit Schedule(const Plan& plan) : plan_(plan) {
    store_.head = plan.before;
    FeedOptions options;
    options.ring_events = plan.ring;
    options.max_scan = 4;
    options.live_threads = options.disk_threads = 0;
    options.tick = absl::Milliseconds(1);
    options.monotonic_now = [this] {
      Meet(/*reading=*/false);
      return clock_.Now();
    };
    store_.before_read = [this] { Meet(/*reading=*/true); };
    feed_ = std::make_unique<EventFeed>(&store_, options);
    judge_ = std::make_shared<Judge>(&store_, plan.filtered, plan.batch);
    v1::WatchEventsRequest request;
    request.set_after_sequence(plan.after);
    request.set_max_batch_events(plan.batch);
    request.set_on_compacted(plan.on_compacted);
    if (plan.filtered) request.mutable_filter()->add_video_ids("third");
    auto subscription = feed_->Watch(request, judge_);
    EXPECT_TRUE(subscription.ok()) << subscription.status();
    subscription_ = *std::move(subscription);
  }
  ~Schedule() { feed_->Stop(); }

  bool Can(Action action) {
    MutexLock lock(&feed_->mu_);
    switch (action) {
      case kWrite:
        return untold_ == Untold::kNothing && written_ < plan_.writes;
      case kCompact:
        return untold_ == Untold::kNothing && plan_.compact_to > store_.earliest && plan_.compact_to <= store_.head + 1;
      case kWriteAtClock:
      case kWriteAtRead:
        return armed_ == kActions && untold_ == Untold::kNothing && written_ < plan_.writes && plan_.meets;
      case kCompactAtClock:
      case kCompactAtRead:
        return armed_ == kActions && untold_ == Untold::kNothing && plan_.meets && plan_.compact_to > store_.earliest &&
               plan_.compact_to <= store_.head + 1;
      case kTell:
        return untold_ != Untold::kNothing;
      case kLive:
        return !stepped_.has_value() && !feed_->live_queue_.empty();
      case kDisk:
        return !stepped_.has_value() && !feed_->disk_queue_.empty();
      case kSettle:
        return stepped_.has_value();
      case kTake:
        return judge_->held();
      case kBeat:
        return beaten_ < plan_.beats;
      case kActions:
        break;
    }
    return false;
  }

  void Do(Action action) {
    switch (action) {
      case kWrite:
        ++written_;
        store_.head += plan_.events_per_write;
        untold_ = Untold::kCommit;
        return;
      case kCompact:
        store_.earliest = plan_.compact_to;
        untold_ = Untold::kCompaction;
        return;
      case kTell:
        Tell();
        return;
      case kLive:
        return Step(feed_->live_queue_, Subscription::Thread::kLive);
      case kDisk:
        return Step(feed_->disk_queue_, Subscription::Thread::kDisk);
      case kSettle: {
        const Subscription::Next next = *stepped_;
        stepped_.reset();
        feed_->Settle(subscription_, next);
        return;
      }
      case kWriteAtClock:
      case kWriteAtRead:
      case kCompactAtClock:
      case kCompactAtRead:
        armed_ = action;
        return;
      case kTake:
        judge_->Take();
        subscription_->OnSent();
        return;
      case kBeat: {
        ++beaten_;
        clock_.Advance(absl::Seconds(20));
        MutexLock lock(&feed_->mu_);
        feed_->TickOnce(0);
        return;
      }
      case kActions:
        return;
    }
  }

  // Whether only new writes could make anything happen.
  bool Quiet() {
    for (const Action action : {kTell, kLive, kDisk, kSettle, kTake}) {
      if (Can(action)) return false;
    }
    return true;
  }
  // What is wrong; empty: nothing.
  std::string Verdict() {
    if (!judge_->wrong().empty()) return judge_->wrong();
    if (!Quiet()) return "";
    const bool lost = subscription_->cursor_ + 1 < store_.earliest;
    if (judge_->finished().has_value()) {
      const bool said = ErrorInfoOf(*judge_->finished()).reason() == "EVENTS_COMPACTED";
      if (!said) return absl::StrCat("ended with ", judge_->finished()->ToString());
      if (plan_.on_compacted == v1::ON_COMPACTED_SNAPSHOT && judge_->through() >= 0) return "no reset, as was asked";
      return lost ? "" : "EVENTS_COMPACTED, though nothing is lost";
    }
    MutexLock lock(&feed_->mu_);
    if (subscription_->place_ != Subscription::Place::kParked)
      return "neither parked nor finished, and nobody moves it";
    if (subscription_->cursor_ != store_.head) return "parked before the head: a lost wake-up";
    // With a filter, the rest that does not match is told by the next heartbeat.
    if (!plan_.filtered && judge_->through() != store_.head) return "parked, and something is untold";
    return "";
  }
  // Two runs that are alike in this go on alike.
  std::string Signature() {
    MutexLock lock(&feed_->mu_);
    const Subscription& s = *subscription_;
    return absl::StrCat(store_.head, ",", store_.earliest, ",", feed_->range_.head, ",", feed_->range_.earliest, ",",
                        written_, ",", beaten_, ",", untold_, ",", armed_, ",", s.cursor_, ",", s.covered_, ",",
                        static_cast<int>(s.phase_), ",", static_cast<int>(s.place_), ",", s.again_, ",",
                        stepped_.has_value() ? static_cast<int>(*stepped_) : -1, ",", judge_->held(), ",",
                        judge_->through(), ",", judge_->finished().has_value(), ",", judge_->resets(), ",",
                        s.from_log_ == nullptr ? 0 : s.from_log_->last(), ",",
                        feed_->ring_.empty() ? 0 : feed_->ring_.front()->first(), ",", feed_->disk_queue_.size(), ",",
                        s.snapshot_ == nullptr, ",", s.snapshot_jobs_, ",", s.deadline_ <= clock_.Now());
  }

 private:
  enum Untold { kNothing, kCommit, kCompaction };

  void Tell() {
    const Untold what = std::exchange(untold_, Untold::kNothing);
    if (what == Untold::kCompaction) return feed_->OnCompacted(store_.earliest);
    std::vector<store::CommittedEvent> events;
    for (int64_t sequence = store_.head - plan_.events_per_write + 1; sequence <= store_.head; ++sequence) {
      events.push_back({EventOf(sequence), EventOf(sequence).SerializeAsString()});
    }
    feed_->OnCommit(events);
  }
  void Step(std::deque<std::shared_ptr<Subscription>>& queue, Subscription::Thread thread) {
    {
      MutexLock lock(&feed_->mu_);
      if (queue.size() != 1) judge_->Wrong("queued twice");
      queue.pop_front();
      subscription_->place_ = Subscription::Place::kBusy;
      subscription_->again_ = false;
    }
    stepping_ = true;
    stepped_ = subscription_->Step(thread);
    stepping_ = false;
  }
  // The writer's thread is quicker than the step that is under way.
  void Meet(bool reading) {
    if (!stepping_ || untold_ != Untold::kNothing) return;
    if (armed_ != (reading ? kWriteAtRead : kWriteAtClock) && armed_ != (reading ? kCompactAtRead : kCompactAtClock)) {
      return;
    }
    const bool writes = armed_ == kWriteAtRead || armed_ == kWriteAtClock;
    armed_ = kActions;
    const Action action = writes ? kWrite : kCompact;
    if (!Can(action)) return;
    Do(action);
    Tell();
  }

  const Plan plan_;
  LogStore store_;
  FakeClock clock_;
  std::unique_ptr<EventFeed> feed_;
  std::shared_ptr<Judge> judge_;
  std::shared_ptr<Subscription> subscription_;
  std::optional<Subscription::Next> stepped_;
  Untold untold_ = Untold::kNothing;
  int written_ = 0;
  int beaten_ = 0;
  bool stepping_ = false;
  Action armed_ = kActions;  // none
};

namespace {

constexpr const char* kNames[] = {
    "write",         "compact",          "tell",           "live", "disk", "settle", "take", "beat", "write-at-clock",
    "write-at-read", "compact-at-clock", "compact-at-read"};

// Goes through every schedule of a plan, each state once. A state is reached by running its schedule from the start.
class Explorer {
 public:
  explicit Explorer(const Schedule::Plan& plan) : plan_(plan) {}

  // Answers how many states there are.
  size_t Run() {
    std::vector<std::vector<Schedule::Action>> open = {{}};
    while (!open.empty() && !::testing::Test::HasFailure()) {
      const std::vector<Schedule::Action> path = std::move(open.back());
      open.pop_back();
      for (int i = 0; i < Schedule::kActions; ++i) {
        const auto action = static_cast<Schedule::Action>(i);
        Schedule schedule(plan_);
        for (const Schedule::Action earlier : path) schedule.Do(earlier);
        if (!schedule.Can(action)) continue;
        schedule.Do(action);
        std::vector<Schedule::Action> longer = path;
        longer.push_back(action);
        const std::string wrong = schedule.Verdict();
        EXPECT_EQ(wrong, "") << Told(longer);
        if (wrong.empty() && seen_.insert(schedule.Signature()).second) open.push_back(std::move(longer));
      }
    }
    return seen_.size();
  }

 private:
  static std::string Told(const std::vector<Schedule::Action>& path) {
    std::string text;
    for (const Schedule::Action action : path) absl::StrAppend(&text, kNames[action], " ");
    return text;
  }

  const Schedule::Plan plan_;
  std::set<std::string> seen_;
};

TEST(ScheduleTest, NoScheduleOfWritesReadsAndHeartbeatsLosesOrRepeatsAnything) {
  size_t states = 0;
  for (const bool filtered : {false, true}) {
    for (const int events_per_write : {1, 2}) {
      for (const int before : {0, 3}) {
        states += Explorer({.ring = 2,
                            .batch = 2,
                            .before = before,
                            .writes = 3,
                            .events_per_write = events_per_write,
                            .beats = 1,
                            .filtered = filtered,
                            .meets = true})
                      .Run();
      }
    }
  }
  EXPECT_GT(states, 1000);
  RecordProperty("states", static_cast<int>(states));
}

TEST(ScheduleTest, NoScheduleOfACleaningSkipsAnythingWithoutAWord) {
  size_t states = 0;
  for (const auto on_compacted : {v1::ON_COMPACTED_FAIL, v1::ON_COMPACTED_SNAPSHOT}) {
    for (int64_t compact_to = 2; compact_to <= 6; ++compact_to) {
      states += Explorer({.ring = 2,
                          .batch = 2,
                          .before = 3,
                          .writes = 2,
                          .compact_to = compact_to,
                          .beats = 1,
                          .on_compacted = on_compacted,
                          .meets = true})
                    .Run();
    }
  }
  EXPECT_GT(states, 1000);
  RecordProperty("states", static_cast<int>(states));
}

// One schedule, the natural one; `at` is the step before which the log is cleaned.
std::string RunWithCleaning(const Schedule::Plan& plan, int at) {
  Schedule schedule(plan);
  for (int step = 0; step < 1000; ++step) {
    if (step >= at && schedule.Can(Schedule::kCompact)) schedule.Do(Schedule::kCompact);
    bool moved = false;
    for (const auto action : {Schedule::kTell, Schedule::kSettle, Schedule::kDisk, Schedule::kLive, Schedule::kTake,
                              Schedule::kWrite, Schedule::kBeat}) {
      if (!schedule.Can(action)) continue;
      schedule.Do(action);
      moved = true;
      break;
    }
    if (const std::string wrong = schedule.Verdict(); !wrong.empty()) return absl::StrCat(wrong, " at step ", step);
    if (!moved) return "";
  }
  return "does not come to an end";
}

// Every number of events from none to two rings and one, half of them before the reader came; every place to begin; and
// every place to which the log may be cleaned, at every step.
TEST(ScheduleTest, EveryCountBeginningAndCleaningAroundARingOfEight) {
  int runs = 0;
  for (int count = 0; count <= 17; ++count) {
    for (const int before : {0, count / 2, count}) {
      for (int64_t after = 0; after <= before; after += 1 + before / 6) {
        for (int64_t to = 0; to <= count + 1; ++to) {
          for (const auto on_compacted : {v1::ON_COMPACTED_FAIL, v1::ON_COMPACTED_SNAPSHOT}) {
            for (const bool filtered : {false, true}) {
              for (int at = 0; at < 24; at += 1 + count / 4) {
                const Schedule::Plan plan = {.before = before,
                                             .writes = count - before,
                                             .compact_to = to,
                                             .beats = 2,
                                             .after = after,
                                             .filtered = filtered,
                                             .on_compacted = on_compacted};
                ASSERT_EQ(RunWithCleaning(plan, at), "")
                    << count << " events, " << before << " before, after " << after << ", cleaned to " << to
                    << " before step " << at << (filtered ? ", filtered" : "");
                ++runs;
              }
            }
          }
        }
      }
    }
  }
  EXPECT_GT(runs, 10000);
}

}  // namespace
}  // namespace spool::feed

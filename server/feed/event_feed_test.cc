#include "server/feed/event_feed.h"

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/fake_clock.h"
#include "server/base/mutex.h"
#include "server/base/proto_time.h"
#include "server/base/status_matchers.h"
#include "server/feed/token.h"
#include "server/store/await.h"
#include "server/store/sqlite/sqlite_job_store.h"

namespace spool::feed {
namespace {

// A reader that parses what it gets and takes the next response when the test says so, or at once.
class Reader : public Sink {
 public:
  explicit Reader(bool eager = true) : eager_(eager) {}

  void Send(Update update) override {
    std::string bytes;
    for (const Run& run : update.events) bytes += run.chunk->bytes().substr(run.begin, run.end - run.begin);
    bytes += update.rest.SerializeAsString();
    v1::WatchEventsResponse response;
    ASSERT_TRUE(response.ParseFromString(bytes));
    std::shared_ptr<Subscription> subscription;
    {
      MutexLock lock(&mu_);
      responses_.push_back(std::move(response));
      if (eager_) {
        subscription = subscription_.lock();
      } else {
        held_ = true;
      }
      if (subscription == nullptr) held_ = true;
    }
    if (subscription != nullptr) subscription->OnSent();
  }
  void Finish(absl::Status status) override {
    MutexLock lock(&mu_);
    finished_ = std::move(status);
  }

  void Attach(const std::shared_ptr<Subscription>& subscription) {
    {
      MutexLock lock(&mu_);
      subscription_ = subscription;
    }
    if (eager_) TakeOne();
  }
  // Lets a response through that was held.
  void TakeOne() {
    std::shared_ptr<Subscription> subscription;
    {
      MutexLock lock(&mu_);
      if (!held_) return;
      held_ = false;
      subscription = subscription_.lock();
    }
    subscription->OnSent();
  }
  void BecomeEager() {
    {
      MutexLock lock(&mu_);
      eager_ = true;
    }
    TakeOne();
  }
  void Cancel() { subscription_.lock()->Cancel(); }

  // Waits until what was received satisfies `enough`, then returns it.
  std::vector<v1::WatchEventsResponse> Await(
      const std::function<bool(const std::vector<v1::WatchEventsResponse>&)>& enough) {
    MutexLock lock(&mu_);
    const auto met = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return enough(responses_) || finished_.has_value(); };
    EXPECT_TRUE(mu_.AwaitWithTimeout(Condition(&met), absl::Seconds(20))) << "got " << responses_.size();
    return responses_;
  }
  std::vector<v1::WatchEventsResponse> AwaitThrough(int64_t sequence) {
    return Await([sequence](const auto& responses) {
      return !responses.empty() && responses.back().coverage().through() >= sequence;
    });
  }
  absl::Status AwaitFinish() {
    MutexLock lock(&mu_);
    const auto met = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return finished_.has_value(); };
    EXPECT_TRUE(mu_.AwaitWithTimeout(Condition(&met), absl::Seconds(20)));
    return finished_.value_or(absl::UnknownError("not finished"));
  }
  bool FinishesWithin(absl::Duration longest) {
    MutexLock lock(&mu_);
    const auto met = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return finished_.has_value(); };
    return mu_.AwaitWithTimeout(Condition(&met), longest);
  }

 private:
  Mutex mu_;
  bool eager_;
  bool held_ = false;
  std::vector<v1::WatchEventsResponse> responses_;
  std::optional<absl::Status> finished_;
  // Weak, as the subscription owns its sink: the fixture holds both, as the transport's call does in the server.
  std::weak_ptr<Subscription> subscription_;
};

// Does what the test says before the feed is told of a commit.
struct BeforeTheFeed : public store::CommitListener {
  void OnCommit(absl::Span<const store::CommittedEvent>) override {
    if (act) act();
  }
  void OnCompacted(int64_t) override {
    if (act_on_compacted) act_on_compacted();
  }
  std::function<void()> act_on_compacted;
  std::function<void()> act;
};

// Coverage is a chain, sequences rise and lie in what is covered. Returns the sequences.
std::vector<int64_t> Validate(const std::vector<v1::WatchEventsResponse>& responses, int64_t after) {
  std::vector<int64_t> sequences;
  for (const auto& response : responses) {
    if (!response.has_coverage()) {
      EXPECT_EQ(response.events_size(), 0);
      continue;
    }
    EXPECT_EQ(response.coverage().after(), after);
    EXPECT_GE(response.coverage().head(), response.coverage().through());
    int64_t last = after;
    after = response.coverage().through();
    for (const auto& event : response.events()) {
      EXPECT_GT(event.sequence(), last);
      EXPECT_LE(event.sequence(), after);
      last = event.sequence();
      sequences.push_back(event.sequence());
    }
  }
  return sequences;
}

class EventFeedTest : public ::testing::Test {
 protected:
  // A tiny ring and small batches, so that every border is met.
  void SetUp() override { Start({}); }
  void TearDown() override { Stop(); }

  void Stop() {
    if (feed_ != nullptr) feed_->Stop();
    subscriptions_.clear();  // before the store, of which they may have a snapshot open
    store_.reset();
  }

  void Start(FeedOptions options) {
    Stop();
    feed_.reset();
    auto store = store::SqliteJobStore::Open({.path = path_, .clock = &clock_});
    ASSERT_OK(store);
    store_ = *std::move(store);
    store_->AddListener(&before_the_feed_);
    options.ring_events = 8;
    options.tick = absl::Milliseconds(5);
    options.monotonic_now = [this] { return monotonic_.Now(); };
    feed_ = std::make_unique<EventFeed>(store_.get(), options);
  }

  // `count` jobs in one commit each.
  void Enqueue(int count, const std::string& video = "v") {
    for (int i = 0; i < count; ++i) {
      job::NewJob made;
      made.job.set_id("job" + std::to_string(next_id_++));
      made.job.set_video_id(video);
      made.fingerprint = "f";
      std::vector<job::NewJob> jobs;
      jobs.push_back(std::move(made));
      ASSERT_OK(store::Await<std::vector<absl::StatusOr<store::EnqueuedJob>>>(
          [&](auto done) { store_->Enqueue(std::move(jobs), std::move(done)); }));
    }
  }
  void Cancel(const std::string& id) {
    ASSERT_OK(store::Await<v1::Job>([&](auto done) { store_->Cancel(id, std::move(done)); }));
  }
  void KeepEvents(int64_t count) {
    store::Retention retention;
    retention.max_events = count;
    ASSERT_OK(store::Await<store::Compacted>([&](auto done) { store_->Compact(retention, std::move(done)); }));
  }
  std::shared_ptr<Reader> Watch(const v1::WatchEventsRequest& request, bool eager = true) {
    auto reader = std::make_shared<Reader>(eager);
    auto subscription = feed_->Watch(request, reader);
    EXPECT_OK(subscription);
    if (subscription.ok()) {
      reader->Attach(*subscription);
      subscriptions_.push_back(*std::move(subscription));
    }
    return reader;
  }
  static v1::WatchEventsRequest After(int64_t sequence) {
    v1::WatchEventsRequest request;
    request.set_after_sequence(sequence);
    request.set_max_batch_events(4);
    return request;
  }

  FakeClock clock_, monotonic_;
  BeforeTheFeed before_the_feed_;
  int next_id_ = 1;
  std::string path_ =
      std::string(::testing::TempDir()) + "/" + ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".db";
  std::unique_ptr<store::SqliteJobStore> store_;
  std::unique_ptr<EventFeed> feed_;
  std::vector<std::shared_ptr<Subscription>> subscriptions_;
};

// P2.
TEST_F(EventFeedTest, EveryCountAroundTheRingArrivesOnceAndInOrder) {
  for (int count = 0; count <= 17; ++count) {
    const int64_t head = feed_->Range().head;
    Enqueue(count);
    auto reader = Watch(After(head));
    Enqueue(1);
    const auto sequences = Validate(reader->AwaitThrough(head + count + 1), head);
    ASSERT_EQ(sequences.size(), count + 1) << count;
    EXPECT_EQ(sequences.front(), head + 1);
    reader->Cancel();
  }
}

TEST_F(EventFeedTest, LatestSendsOnlyWhatIsNew) {
  Enqueue(3);
  auto reader = Watch({});
  const auto opened = reader->Await([](const auto& r) { return !r.empty(); });
  EXPECT_TRUE(opened[0].has_opened());
  EXPECT_EQ(opened[0].opened().head_sequence(), 3);
  Enqueue(1);
  EXPECT_EQ(Validate(reader->AwaitThrough(4), 3), std::vector<int64_t>{4});
}

// P11.
TEST_F(EventFeedTest, AStalledReaderMissesNothingThoughTheRingMovedOn) {
  auto reader = Watch(After(0), /*eager=*/false);
  reader->Await([](const auto& r) { return r.size() == 1; });
  Enqueue(50);
  reader->BecomeEager();
  EXPECT_EQ(Validate(reader->AwaitThrough(50), 0).size(), 50);
}

// P6.
TEST_F(EventFeedTest, AnyTokenResumesExactlyAfterItAlsoAfterARestart) {
  Enqueue(20);
  auto reader = Watch(After(0));
  const auto responses = reader->AwaitThrough(20);
  Start({});
  for (const auto& response : responses) {
    v1::WatchEventsRequest request;
    request.set_resume_token(response.coverage().resume_token());
    auto resumed = Watch(request);
    const int64_t after = response.coverage().through();
    const auto sequences = Validate(
        after == 20 ? resumed->Await([](const auto& r) { return !r.empty(); }) : resumed->AwaitThrough(20), after);
    EXPECT_EQ(sequences.size(), 20 - after);
  }
}

// P4.
TEST_F(EventFeedTest, FilteredStreamCoversWhatItDoesNotSend) {
  for (int i = 0; i < 10; ++i) {
    Enqueue(3, "other");
    Enqueue(1, "mine");
  }
  v1::WatchEventsRequest request = After(0);
  request.mutable_filter()->add_video_ids("mine");
  auto reader = Watch(request);
  EXPECT_EQ(Validate(reader->AwaitThrough(40), 0).size(), 10);
  // What follows matches nothing: the next heartbeat covers it.
  Enqueue(5, "other");
  monotonic_.Advance(absl::Seconds(20));
  EXPECT_EQ(Validate(reader->AwaitThrough(45), 0).size(), 10);
}

// P5.
TEST_F(EventFeedTest, SilenceIsBrokenByHeartbeatsAndOnlyByThem) {
  v1::WatchEventsRequest request;
  *request.mutable_heartbeat_interval() = ToProto(absl::Seconds(2));
  auto reader = Watch(request);
  reader->Await([](const auto& r) { return r.size() == 1; });
  for (int beats = 2; beats <= 4; ++beats) {
    monotonic_.Advance(absl::Seconds(2));
    const auto responses = reader->Await([beats](const auto& r) { return static_cast<int>(r.size()) >= beats; });
    ASSERT_EQ(responses.size(), beats);
    EXPECT_EQ(responses.back().events_size(), 0);
    EXPECT_TRUE(responses.back().has_coverage());
  }
}

// P9.
TEST_F(EventFeedTest, SnapshotThenExactlyWhatFollows) {
  Enqueue(100);
  Cancel("job7");
  v1::WatchEventsRequest request;
  request.set_start_at(v1::START_AT_SNAPSHOT);
  auto reader = Watch(request, /*eager=*/false);
  reader->Await([](const auto& r) { return r.size() == 1; });
  Enqueue(3);  // after the snapshot's commit
  reader->BecomeEager();
  const auto responses = reader->AwaitThrough(104);
  EXPECT_EQ(Validate(responses, 101), (std::vector<int64_t>{102, 103, 104}));
  int jobs = 0, cancelled = 0;
  bool complete = false;
  for (const auto& response : responses) {
    for (const auto& job : response.snapshot_jobs()) {
      EXPECT_FALSE(complete);
      ++jobs;
      cancelled += job.state() == v1::JOB_STATE_CANCELLED;
    }
    if (response.has_snapshot_complete()) {
      complete = true;
      EXPECT_EQ(response.snapshot_complete().through(), 101);
      EXPECT_EQ(response.snapshot_complete().jobs(), 100);
    }
  }
  EXPECT_EQ(jobs, 100);
  EXPECT_EQ(cancelled, 1);
  EXPECT_TRUE(complete);
}

TEST_F(EventFeedTest, ASnapshotThatIsNotReadIsEnded) {
  Enqueue(100);
  v1::WatchEventsRequest request;
  request.set_start_at(v1::START_AT_SNAPSHOT);
  auto reader = Watch(request, /*eager=*/false);
  reader->Await([](const auto& r) { return r.size() == 1; });
  reader->TakeOne();
  reader->Await([](const auto& r) { return r.size() == 2; });
  monotonic_.Advance(absl::Minutes(6));
  EXPECT_EQ(ErrorInfoOf(reader->AwaitFinish()).reason(), "SNAPSHOT_TOO_SLOW");
}

// P7.
TEST_F(EventFeedTest, CompactedStartIsSaidWithTheOldestToken) {
  Enqueue(20);
  KeepEvents(5);
  EXPECT_EQ(feed_->Range().earliest, 16);
  const absl::Status status = Watch(After(14))->AwaitFinish();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kOutOfRange));
  const auto info = ErrorInfoOf(status);
  EXPECT_EQ(info.reason(), "EVENTS_COMPACTED");
  EXPECT_EQ(info.metadata().at("earliestSequence"), "16");
  const auto oldest = DecodeToken(info.metadata().at("earliestResumeToken"));
  ASSERT_OK(oldest);
  // Exactly at the border nothing is lost (etcd 19179).
  EXPECT_EQ(oldest->sequence, 15);
  EXPECT_EQ(Validate(Watch(After(15))->AwaitThrough(20), 15).size(), 5);
}

TEST_F(EventFeedTest, ALiveReaderOvertakenByRetentionIsToldToo) {
  auto reader = Watch(After(0), /*eager=*/false);
  reader->Await([](const auto& r) { return r.size() == 1; });
  Enqueue(30);
  KeepEvents(3);
  reader->BecomeEager();
  EXPECT_EQ(ErrorInfoOf(reader->AwaitFinish()).reason(), "EVENTS_COMPACTED");
}

TEST_F(EventFeedTest, CompactedStartMayTurnIntoASnapshot) {
  Enqueue(20);
  KeepEvents(5);
  v1::WatchEventsRequest request = After(3);
  request.set_on_compacted(v1::ON_COMPACTED_SNAPSHOT);
  auto reader = Watch(request);
  Enqueue(1);
  const auto responses = reader->AwaitThrough(21);
  Validate(responses, 3);
  ASSERT_TRUE(responses[1].has_reset()) << responses[1].ShortDebugString();
  EXPECT_EQ(responses[1].reset().first_lost(), 4);
  EXPECT_EQ(responses[1].reset().last_lost(), 15);
  EXPECT_EQ(responses[1].coverage().through(), 3);
}

// P8.
TEST_F(EventFeedTest, TheFutureAndOtherLogsAreRefused) {
  EXPECT_EQ(ErrorInfoOf(Watch(After(1))->AwaitFinish()).reason(), "SEQUENCE_IN_FUTURE");
  v1::WatchEventsRequest request;
  request.set_resume_token(EncodeToken({feed_->Range().log_id + 1, 0}));
  EXPECT_EQ(ErrorInfoOf(Watch(request)->AwaitFinish()).reason(), "LOG_IDENTITY_CHANGED");
  request.set_resume_token("nonsense");
  EXPECT_EQ(ErrorInfoOf(Watch(request)->AwaitFinish()).reason(), "RESUME_TOKEN_MALFORMED");
}

// Whoever just read a job's state may follow it from there at once.
TEST_F(EventFeedTest, ACommitThatTheFeedIsYetToHearOfIsNoFuture) {
  std::shared_ptr<Reader> reader;
  before_the_feed_.act = [&] {
    ASSERT_EQ(feed_->Range().head, 0);
    reader = Watch(After(1));
    reader->AwaitThrough(1);
    EXPECT_EQ(ErrorInfoOf(Watch(After(2))->AwaitFinish()).reason(), "SEQUENCE_IN_FUTURE");
  };
  Enqueue(1);
  before_the_feed_.act = nullptr;
  Enqueue(1);
  EXPECT_EQ(Validate(reader->AwaitThrough(2), 1), std::vector<int64_t>{2});
}

// P7: a read may show what retention removed before the feed has heard of it; that is no reason to say less.
TEST_F(EventFeedTest, ACleaningThatTheFeedIsYetToHearOfIsSaidAsOne) {
  Enqueue(20);
  std::shared_ptr<Reader> reader;
  before_the_feed_.act_on_compacted = [&] {
    ASSERT_EQ(feed_->Range().earliest, 1);
    reader = Watch(After(0));
    // Long enough for a mistake to show; nothing waits for it when there is none.
    EXPECT_FALSE(reader->FinishesWithin(absl::Milliseconds(200)));
  };
  KeepEvents(5);
  const absl::Status status = reader->AwaitFinish();
  EXPECT_EQ(ErrorInfoOf(status).reason(), "EVENTS_COMPACTED");
  EXPECT_EQ(ErrorInfoOf(status).metadata().at("earliestSequence"), "16");
}

// P13.
TEST_F(EventFeedTest, UntilTerminalEndsWhenEveryNamedJobIsDone) {
  Enqueue(3);
  v1::WatchEventsRequest request = After(0);
  request.mutable_filter()->add_job_ids("job1");
  request.mutable_filter()->add_job_ids("job2");
  request.set_until_terminal(true);
  auto reader = Watch(request);
  Cancel("job1");
  reader->AwaitThrough(4);
  Cancel("job2");
  EXPECT_OK(reader->AwaitFinish());
  const auto responses = reader->AwaitThrough(5);
  EXPECT_EQ(Validate(responses, 0), (std::vector<int64_t>{1, 2, 4, 5}));
  // Both told of before: nothing is left to wait for.
  request.set_after_sequence(5);
  EXPECT_OK(Watch(request)->AwaitFinish());
  request.set_start_at(v1::START_AT_SNAPSHOT);
  EXPECT_OK(Watch(request)->AwaitFinish());
}

// Not by the end of a stream, either, is anything told of a job that the filter leaves out.
TEST_F(EventFeedTest, UntilTerminalDoesNotTellOfJobsThatTheFilterLeavesOut) {
  Enqueue(1);
  Cancel("job1");
  v1::WatchEventsRequest request;
  request.mutable_filter()->add_job_ids("job1");
  request.mutable_filter()->add_video_ids("another video");
  request.set_until_terminal(true);
  // What matches nothing is told of with a heartbeat.
  request.mutable_heartbeat_interval()->set_seconds(1);
  std::vector<decltype(Watch(request))> readers;
  for (const bool snapshot : {false, true}) {
    for (const int64_t after : {0, 2}) {
      request.set_after_sequence(after);
      if (snapshot) request.set_start_at(v1::START_AT_SNAPSHOT);
      readers.push_back(Watch(request));
    }
  }
  for (const auto& reader : readers) reader->Await([](const auto& responses) { return !responses.empty(); });
  monotonic_.Advance(absl::Seconds(2));
  for (const auto& reader : readers) reader->AwaitThrough(2);
  feed_->Drain();
  for (const auto& reader : readers) EXPECT_EQ(ErrorInfoOf(reader->AwaitFinish()).reason(), "SERVER_DRAINING");
}

// P12.
TEST_F(EventFeedTest, ProgressIsLatestOnlyAndHasNoCoverage) {
  v1::Job job;
  job.set_id("job1");
  job.set_video_id("v");
  feed_->progress().Open(job);
  v1::WatchEventsRequest request;
  request.set_include_progress(true);
  auto reader = Watch(request, /*eager=*/false);
  reader->Await([](const auto& r) { return r.size() == 1; });
  v1::JobProgress progress;
  for (int i = 1; i <= 100; ++i) {
    progress.set_fraction(i / 100.0);
    feed_->progress().Post("job1", progress);
  }
  reader->BecomeEager();
  const auto responses = reader->Await([](const auto& r) { return !r.empty() && r.back().progress_size() > 0; });
  ASSERT_EQ(responses.back().progress_size(), 1);
  EXPECT_EQ(responses.back().progress(0).progress().fraction(), 1.0);
  EXPECT_EQ(responses.back().progress(0).job_id(), "job1");
  EXPECT_FALSE(responses.back().has_coverage());
  feed_->progress().Close("job1");
  EXPECT_FALSE(feed_->progress().Latest("job1").has_value());
}

// P13.
TEST_F(EventFeedTest, DrainEndsStreamsWithTheirLastCoverage) {
  auto reader = Watch(After(0));
  Enqueue(2);
  reader->AwaitThrough(2);
  feed_->Drain();
  EXPECT_EQ(ErrorInfoOf(reader->AwaitFinish()).reason(), "SERVER_DRAINING");
  const auto responses = reader->AwaitThrough(2);
  EXPECT_TRUE(responses.back().has_draining());
  EXPECT_TRUE(feed_->WaitUntilIdle(absl::Seconds(10)));
  EXPECT_THAT(feed_->Watch({}, std::make_shared<Reader>()), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(EventFeedTest, CancelledStreamsAreForgotten) {
  for (int i = 0; i < 50; ++i) {
    auto reader = Watch(After(0), i % 2 == 0);
    if (i % 3 == 0) reader->Await([](const auto& r) { return !r.empty(); });
    reader->Cancel();
  }
  EXPECT_TRUE(feed_->WaitUntilIdle(absl::Seconds(10)));
}

// P15.
TEST_F(EventFeedTest, PagesAreTheSameLog) {
  Enqueue(10);
  v1::ListEventsRequest request;
  request.set_page_size(4);
  std::vector<v1::WatchEventsResponse> pages;
  do {
    auto reader = std::make_shared<Reader>();
    ASSERT_OK(feed_->Page(request, reader));
    ASSERT_OK(reader->AwaitFinish());
    pages.push_back(reader->AwaitThrough(0).back());
    request.set_resume_token(pages.back().coverage().resume_token());
  } while (pages.back().events_size() > 0);
  EXPECT_EQ(Validate(pages, 0).size(), 10);
}

TEST_F(EventFeedTest, ALongPollWaitsForTheNextMatch) {
  v1::ListEventsRequest request;
  request.set_start_at(v1::START_AT_LATEST);
  *request.mutable_wait() = ToProto(absl::Seconds(10));
  request.mutable_filter()->add_video_ids("mine");
  auto reader = std::make_shared<Reader>();
  ASSERT_OK(feed_->Page(request, reader));
  Enqueue(2, "other");
  Enqueue(1, "mine");
  ASSERT_OK(reader->AwaitFinish());
  const auto page = reader->AwaitThrough(0).back();
  ASSERT_EQ(page.events_size(), 1);
  EXPECT_EQ(page.events(0).video_id(), "mine");

  auto empty = std::make_shared<Reader>();
  ASSERT_OK(feed_->Page(request, empty));
  // Opening decides where LATEST is; time may pass only after it.
  while (feed_->subscriptions() > 0) {
    monotonic_.Advance(absl::Seconds(1));
    std::this_thread::yield();
  }
  ASSERT_OK(empty->AwaitFinish());
  EXPECT_EQ(empty->AwaitThrough(0).back().events_size(), 0);
}

TEST_F(EventFeedTest, BadRequestsAreRefusedAtOnce) {
  auto sink = std::make_shared<Reader>();
  v1::WatchEventsRequest request;
  request.set_until_terminal(true);
  EXPECT_THAT(feed_->Watch(request, sink), StatusIs(absl::StatusCode::kInvalidArgument, "until_terminal"));
  request.Clear();
  request.set_max_batch_events(-1);
  EXPECT_THAT(feed_->Watch(request, sink), StatusIs(absl::StatusCode::kInvalidArgument, "max_batch_events"));
  request.Clear();
  request.set_after_sequence(-1);
  EXPECT_THAT(feed_->Watch(request, sink), StatusIs(absl::StatusCode::kInvalidArgument, "after_sequence"));
  v1::ListEventsRequest page;
  page.set_page_size(-1);
  EXPECT_THAT(feed_->Page(page, sink), StatusIs(absl::StatusCode::kInvalidArgument, "page_size"));
  page.Clear();
  page.set_start_at(v1::START_AT_SNAPSHOT);
  EXPECT_THAT(feed_->Page(page, sink), StatusIs(absl::StatusCode::kInvalidArgument, "start_at"));
  page.Clear();
  page.mutable_wait()->set_seconds(21);
  EXPECT_THAT(feed_->Page(page, sink), StatusIs(absl::StatusCode::kInvalidArgument, "wait"));
}

}  // namespace
}  // namespace spool::feed

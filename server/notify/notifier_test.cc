#include "server/notify/notifier.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/mutex.h"
#include "server/base/proto_time.h"
#include "server/base/status_matchers.h"
#include "server/notify/cloud_event.h"
#include "server/notify/job_order.h"
#include "server/sqlite/failing_vfs.h"
#include "server/store/await.h"
#include "server/store/sqlite/sqlite_job_store.h"

namespace spool::notify {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

// Longer than anything here takes.
constexpr absl::Duration kPatience = absl::Seconds(30);

Outcome Delivered() { return {.kind = Outcome::Kind::kDelivered, .code = 200}; }
Outcome Failed(int code = 500) { return {.code = code, .error = absl::StrCat("HTTP ", code)}; }
Outcome Gone() { return {.kind = Outcome::Kind::kGone, .code = 410, .error = "HTTP 410"}; }

// What a target's carrier does, and what came to it. Outlives the notifiers that carry to it.
class Receiver {
 public:
  // `answer` says what becomes of a parcel.
  void AnswerWith(std::function<Outcome(const Parcel&)> answer) {
    MutexLock lock(&mu_);
    answer_ = std::move(answer);
  }
  // Answers nothing until Release.
  void Hold() {
    MutexLock lock(&mu_);
    holding_ = true;
  }
  void Release() {
    std::vector<std::function<void()>> held;
    {
      MutexLock lock(&mu_);
      holding_ = false;
      held.swap(held_);
    }
    for (const auto& answer : held) answer();
  }
  // As curl's clients do when they are stopped.
  void Cut() {
    std::vector<Carrier::Done> cut;
    {
      MutexLock lock(&mu_);
      cut_ = true;
      held_.clear();
      cut.swap(held_done_);
    }
    for (const auto& done : cut) done({.kind = Outcome::Kind::kCancelled});
  }
  void Mend() {
    MutexLock lock(&mu_);
    cut_ = false;
  }

  void Take(const Parcel& parcel, const Carrier::Done& done) {
    Outcome outcome;
    {
      MutexLock lock(&mu_);
      if (cut_) {
        outcome.kind = Outcome::Kind::kCancelled;
      } else {
        came_.push_back({parcel.event_id, parcel.event.job_id(), parcel.event.job_revision()});
        outcome = answer_(parcel);
        if (holding_) {
          held_.push_back([done, outcome] { done(outcome); });
          held_done_.push_back(done);
          return;
        }
      }
    }
    done(outcome);
  }
  void TakeTest(const Carrier::Done& done) { done(answer_({})); }

  struct Came {
    std::string event_id;
    std::string job_id;
    int64_t revision;
  };
  std::vector<Came> came() {
    MutexLock lock(&mu_);
    return came_;
  }
  // "job:revision" of all that came, in order.
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const Came& one : came()) names.push_back(absl::StrCat(one.job_id, ":", one.revision));
    return names;
  }
  void AwaitCount(size_t count) {
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return came_.size() >= count; };
    MutexLock lock(&mu_);
    EXPECT_TRUE(mu_.AwaitWithTimeout(Condition(&enough), kPatience)) << came_.size() << " of " << count << " came";
  }
  // Whether each job's events came in order, if later comings of the same are passed over.
  void ExpectOrder() {
    std::map<std::string, int64_t> last;
    for (const Came& one : came()) {
      int64_t& revision = last[one.job_id];
      EXPECT_LE(one.revision, revision + 1) << one.job_id << " left one out";
      revision = std::max(revision, one.revision);
    }
  }

 private:
  Mutex mu_;
  std::function<Outcome(const Parcel&)> answer_ ABSL_GUARDED_BY(mu_) = [](const Parcel&) { return Delivered(); };
  bool holding_ ABSL_GUARDED_BY(mu_) = false;
  bool cut_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::function<void()>> held_ ABSL_GUARDED_BY(mu_);
  std::vector<Carrier::Done> held_done_ ABSL_GUARDED_BY(mu_);
  std::vector<Came> came_ ABSL_GUARDED_BY(mu_);
};

class ToReceiver : public Carrier {
 public:
  explicit ToReceiver(Receiver* receiver) : receiver_(receiver) {}
  void Carry(std::vector<Parcel> parcels, Done done) override { receiver_->Take(parcels.front(), done); }
  void CarryTest(Done done) override { receiver_->TakeTest(done); }

 private:
  Receiver* const receiver_;
};

class NotifierTest : public ::testing::Test {
 protected:
  NotifierTest() {
    folder_ = absl::StrCat(::testing::TempDir(), "/", ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    OpenStore();
  }
  ~NotifierTest() override { CloseStore(); }

  void OpenStore() {
    auto store = store::SqliteJobStore::Open({.path = folder_ + "/spool.db"});
    ASSERT_OK(store);
    store_ = *std::move(store);
    feed_ = std::make_unique<feed::EventFeed>(store_.get(), feed::FeedOptions());
  }
  void CloseStore() {
    StopNotifier();
    if (feed_ != nullptr) feed_->Stop();
    notifier_.reset();
    store_.reset();
    feed_.reset();
  }

  Target MakeTarget() {
    Target target;
    target.name = "hook";
    target.type = v1::NOTIFICATION_TARGET_TYPE_WEBHOOK;
    target.destination = "https://a.example";
    target.url_digest = url_digest_;
    target.filter = filter_;
    target.retry_policy.set_max_retries(max_retries_);
    *target.retry_policy.mutable_initial_backoff() = ToProto(backoff_);
    *target.retry_policy.mutable_max_backoff() = ToProto(backoff_);
    target.carrier = std::make_unique<ToReceiver>(&receiver_);
    target.make_schedule = [](std::vector<absl::Time>) { return std::make_unique<JobOrder>(4); };
    return target;
  }

  void StartNotifier() {
    receiver_.Mend();
    NotifierOptions options;
    options.path = folder_ + "/notify.db";
    options.window = window_;
    options.grace = absl::Milliseconds(20);
    options.random = [] { return 1.0; };
    options.stop_carriers = [this] { receiver_.Cut(); };
    std::vector<Target> targets;
    targets.push_back(MakeTarget());
    auto notifier = Notifier::Open(feed_.get(), std::move(targets), options);
    ASSERT_OK(notifier);
    notifier_ = *std::move(notifier);
  }
  void StopNotifier() {
    if (notifier_ != nullptr) notifier_->Stop();
  }
  void Restart() {
    StopNotifier();
    notifier_.reset();
    StartNotifier();
  }

  // A job of two events: queued, cancelled.
  void Enqueue(const std::string& id) {
    job::NewJob made;
    made.job.set_id(id);
    made.fingerprint = "f";
    std::vector<job::NewJob> jobs;
    jobs.push_back(std::move(made));
    ASSERT_OK(store::Await<std::vector<absl::StatusOr<store::EnqueuedJob>>>(
        [&](auto done) { store_->Enqueue(std::move(jobs), std::move(done)); }));
  }
  void Cancel(const std::string& id) {
    ASSERT_OK(store::Await<v1::Job>([&](auto done) { store_->Cancel(id, std::move(done)); }));
  }

  std::vector<v1::Delivery> Deliveries(v1::DeliveryState state = v1::DELIVERY_STATE_UNSPECIFIED) {
    v1::DeliveryFilter filter;
    if (state != v1::DELIVERY_STATE_UNSPECIFIED) filter.add_states(state);
    auto deliveries = notifier_->ListDeliveries(filter, 0, 1000);
    EXPECT_OK(deliveries);
    return *deliveries;
  }
  // Waits until what is listed in this state is of this size.
  std::vector<v1::Delivery> AwaitDeliveries(v1::DeliveryState state, size_t count) {
    const absl::Time give_up = absl::Now() + kPatience;
    for (;;) {
      std::vector<v1::Delivery> deliveries = Deliveries(state);
      if (deliveries.size() == count) return deliveries;
      if (absl::Now() > give_up) {
        ADD_FAILURE() << deliveries.size() << " deliveries are " << v1::DeliveryState_Name(state) << ", not " << count;
        return deliveries;
      }
      std::this_thread::yield();
    }
  }
  v1::NotificationTarget ListedTarget() {
    const auto targets = notifier_->ListTargets();
    EXPECT_OK(targets);
    EXPECT_EQ(targets->targets_size(), 1);
    return targets->targets(0);
  }
  absl::StatusOr<v1::Delivery> Redeliver(int64_t id) {
    return Answer<v1::Delivery>([&](auto done) { notifier_->Redeliver(id, done); });
  }
  absl::StatusOr<v1::SendTestResponse> SendTest(const std::string& target) {
    return Answer<v1::SendTestResponse>([&](auto done) { notifier_->SendTest(target, done); });
  }
  template <typename T, typename Start>
  absl::StatusOr<T> Answer(Start start) {
    struct Box {
      Mutex mu;
      std::optional<absl::StatusOr<T>> result;
    };
    auto box = std::make_shared<Box>();
    start([box](absl::StatusOr<T> result) {
      MutexLock lock(&box->mu);
      box->result.emplace(std::move(result));
    });
    MutexLock lock(&box->mu);
    const auto answered = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return box->result.has_value(); };
    if (!box->mu.AwaitWithTimeout(Condition(&answered), kPatience)) return absl::DeadlineExceededError("no answer");
    return *std::move(box->result);
  }

  std::string folder_;
  Receiver receiver_;
  std::string url_digest_ = "one";
  v1::EventFilter filter_;
  int max_retries_ = 3;
  int window_ = 100;
  absl::Duration backoff_ = absl::Milliseconds(1);
  std::unique_ptr<store::SqliteJobStore> store_;
  std::unique_ptr<feed::EventFeed> feed_;
  std::unique_ptr<Notifier> notifier_;
};

TEST_F(NotifierTest, TellsANewTargetWhatFollows) {
  Enqueue("before");
  StartNotifier();
  Enqueue("a");
  Cancel("a");
  receiver_.AwaitCount(2);
  EXPECT_THAT(receiver_.Names(), ElementsAre("a:1", "a:2"));
  EXPECT_EQ(receiver_.came()[0].event_id, EventId(feed_->Range().log_id, 2));
  const auto delivered = AwaitDeliveries(v1::DELIVERY_STATE_DELIVERED, 2);
  EXPECT_EQ(delivered[0].event_type(), v1::EVENT_TYPE_CANCELLED);
  EXPECT_EQ(delivered[0].attempts(), 1);
  EXPECT_EQ(delivered[0].response_code(), 200);
  EXPECT_TRUE(delivered[0].has_finished_at());
  EXPECT_FALSE(delivered[0].has_next_attempt_at());
  EXPECT_EQ(ListedTarget().pending_deliveries(), 0);
}

TEST_F(NotifierTest, TellsOnlyWhatTheFilterAsksFor) {
  filter_.add_types(v1::EVENT_TYPE_CANCELLED);
  StartNotifier();
  Enqueue("a");
  Enqueue("b");
  Cancel("b");
  receiver_.AwaitCount(1);
  EXPECT_THAT(receiver_.Names(), ElementsAre("b:2"));
  // Its place moved past what did not match, also on disk.
  StopNotifier();
  notifier_.reset();
  StartNotifier();
  EXPECT_EQ(ListedTarget().sequence(), 3);
}

TEST_F(NotifierTest, AFailureIsRepeatedAndHoldsBackItsJobOnly) {
  int failures = 0;
  receiver_.AnswerWith([&](const Parcel& parcel) {
    return parcel.event.job_id() == "bad" && failures++ < 3 ? Failed(503) : Delivered();
  });
  StartNotifier();
  Enqueue("bad");
  Cancel("bad");
  Enqueue("good");
  receiver_.AwaitCount(6);
  AwaitDeliveries(v1::DELIVERY_STATE_DELIVERED, 3);
  std::vector<std::string> bad, ids;
  for (const auto& came : receiver_.came()) {
    if (came.job_id != "bad") continue;
    bad.push_back(absl::StrCat(came.revision));
    if (came.revision == 1) ids.push_back(came.event_id);
  }
  EXPECT_THAT(bad, ElementsAre("1", "1", "1", "1", "2"));
  EXPECT_THAT(ids, ::testing::Each(ids[0]));
}

TEST_F(NotifierTest, WhatFailsTooOftenIsRecordedAndTheNextGoesOn) {
  receiver_.AnswerWith(
      [&](const Parcel& parcel) { return parcel.event.job_revision() == 1 ? Failed(418) : Delivered(); });
  StartNotifier();
  Enqueue("a");
  Cancel("a");
  const auto failed = AwaitDeliveries(v1::DELIVERY_STATE_FAILED, 1);
  EXPECT_EQ(failed[0].attempts(), max_retries_ + 1);
  EXPECT_EQ(failed[0].response_code(), 418);
  EXPECT_EQ(failed[0].error(), "HTTP 418");
  AwaitDeliveries(v1::DELIVERY_STATE_DELIVERED, 1);
  EXPECT_THAT(receiver_.Names(), ElementsAre("a:1", "a:1", "a:1", "a:1", "a:2"));
}

TEST_F(NotifierTest, GoesOnAfterARestart) {
  StartNotifier();
  Enqueue("a");
  receiver_.AwaitCount(1);
  AwaitDeliveries(v1::DELIVERY_STATE_DELIVERED, 1);
  StopNotifier();
  notifier_.reset();
  Enqueue("b");
  StartNotifier();
  Enqueue("c");
  receiver_.AwaitCount(3);
  EXPECT_THAT(receiver_.Names(), ElementsAre("a:1", "b:1", "c:1"));
}

TEST_F(NotifierTest, WhatWasUnderWayAtAStopIsSentAgain) {
  receiver_.Hold();
  StartNotifier();
  Enqueue("a");
  Cancel("a");
  receiver_.AwaitCount(1);
  Restart();
  receiver_.Release();
  receiver_.AwaitCount(3);
  EXPECT_THAT(receiver_.Names(), ElementsAre("a:1", "a:1", "a:2"));
  // What was cut off is no attempt.
  for (const v1::Delivery& delivery : AwaitDeliveries(v1::DELIVERY_STATE_DELIVERED, 2)) {
    EXPECT_EQ(delivery.attempts(), 1);
  }
}

TEST_F(NotifierTest, AttemptsAreCountedThroughRestarts) {
  backoff_ = absl::Hours(1);
  receiver_.AnswerWith([&](const Parcel&) { return Failed(); });
  StartNotifier();
  Enqueue("a");
  receiver_.AwaitCount(1);
  for (int i = 0; i < 1000 && Deliveries().at(0).attempts() == 0; ++i) std::this_thread::yield();
  Restart();
  const v1::Delivery delivery = Deliveries().at(0);
  EXPECT_EQ(delivery.state(), v1::DELIVERY_STATE_PENDING);
  EXPECT_EQ(delivery.attempts(), 1);
  EXPECT_GT(FromProto(delivery.next_attempt_at()), absl::Now() + absl::Minutes(50));
  EXPECT_THAT(receiver_.Names(), ElementsAre("a:1"));
}

TEST_F(NotifierTest, OneThatIsGoneIsLeftAloneUntilATestSucceeds) {
  receiver_.AnswerWith([&](const Parcel&) { return Gone(); });
  StartNotifier();
  Enqueue("a");
  receiver_.AwaitCount(1);
  while (ListedTarget().state() != v1::NOTIFICATION_TARGET_STATE_DISABLED) std::this_thread::yield();
  EXPECT_EQ(ListedTarget().disabled_reason(), "HTTP 410");
  Enqueue("b");
  Restart();
  EXPECT_EQ(ListedTarget().state(), v1::NOTIFICATION_TARGET_STATE_DISABLED);
  EXPECT_EQ(ErrorInfoOf(Redeliver(1).status()).reason(), "TARGET_DISABLED");
  EXPECT_FALSE(SendTest("hook")->delivered());
  receiver_.AnswerWith([&](const Parcel&) { return Delivered(); });
  EXPECT_THAT(receiver_.Names(), SizeIs(1));
  EXPECT_TRUE(SendTest("hook")->delivered());
  receiver_.AwaitCount(3);
  EXPECT_THAT(receiver_.Names(), ElementsAre("a:1", "a:1", "b:1"));
  EXPECT_EQ(ListedTarget().state(), v1::NOTIFICATION_TARGET_STATE_ACTIVE);
}

TEST_F(NotifierTest, OneThatIsGoneIsTriedAgainAtANewUrl) {
  receiver_.AnswerWith([&](const Parcel&) { return Gone(); });
  StartNotifier();
  Enqueue("a");
  while (ListedTarget().state() != v1::NOTIFICATION_TARGET_STATE_DISABLED) std::this_thread::yield();
  receiver_.AnswerWith([&](const Parcel&) { return Delivered(); });
  url_digest_ = "two";
  Restart();
  AwaitDeliveries(v1::DELIVERY_STATE_DELIVERED, 1);
}

TEST_F(NotifierTest, ASlowTargetHoldsAWindowAndLosesNothing) {
  window_ = 4;
  receiver_.Hold();
  StartNotifier();
  for (int i = 0; i < 30; ++i) Enqueue(absl::StrCat("job-", i));
  receiver_.AwaitCount(4);
  // One batch more than what was in the window when it was asked for.
  EXPECT_THAT(Deliveries(), SizeIs(AllOf(Ge(4), Le(2 * window_ - 1))));
  receiver_.Release();
  receiver_.AwaitCount(30);
  AwaitDeliveries(v1::DELIVERY_STATE_DELIVERED, 30);
  EXPECT_THAT(receiver_.came(), SizeIs(30));
}

TEST_F(NotifierTest, WhatRetentionTookIsSaid) {
  StartNotifier();
  StopNotifier();
  notifier_.reset();
  for (int i = 0; i < 5; ++i) Enqueue(absl::StrCat("job-", i));
  store::Retention retention;
  retention.max_events = 2;
  ASSERT_OK(store::Await<store::Compacted>([&](auto done) { store_->Compact(retention, std::move(done)); }));
  StartNotifier();
  receiver_.AwaitCount(2);
  EXPECT_THAT(receiver_.Names(), ElementsAre("job-3:1", "job-4:1"));
  AwaitDeliveries(v1::DELIVERY_STATE_DELIVERED, 2);
  EXPECT_EQ(ListedTarget().lost_from_sequence(), 1);
  EXPECT_EQ(ListedTarget().lost_through_sequence(), 3);
}

TEST_F(NotifierTest, GoesOnAtTheEndOfARestoredStore) {
  StartNotifier();
  for (int i = 0; i < 5; ++i) Enqueue(absl::StrCat("old-", i));
  AwaitDeliveries(v1::DELIVERY_STATE_DELIVERED, 5);
  CloseStore();
  for (const char* suffix : {"", "-wal", "-shm", "-log_id"}) std::filesystem::remove(folder_ + "/spool.db" + suffix);
  OpenStore();
  Enqueue("restored");
  StartNotifier();
  Enqueue("new");
  receiver_.AwaitCount(6);
  EXPECT_EQ(receiver_.Names().back(), "new:1");
  EXPECT_EQ(receiver_.came().back().event_id, EventId(feed_->Range().log_id, 2));
}

TEST_F(NotifierTest, RedeliversWhatIsFinishedAndWhatWaits) {
  max_retries_ = 0;
  receiver_.AnswerWith([&](const Parcel&) { return Failed(); });
  StartNotifier();
  Enqueue("a");
  const int64_t id = AwaitDeliveries(v1::DELIVERY_STATE_FAILED, 1)[0].id();
  receiver_.AnswerWith([&](const Parcel&) { return Delivered(); });
  auto again = Redeliver(id);
  ASSERT_OK(again);
  EXPECT_EQ(again->state(), v1::DELIVERY_STATE_PENDING);
  EXPECT_EQ(again->attempts(), 0);
  AwaitDeliveries(v1::DELIVERY_STATE_DELIVERED, 1);
  ASSERT_OK(Redeliver(id));
  receiver_.AwaitCount(3);
  EXPECT_THAT(receiver_.Names(), ElementsAre("a:1", "a:1", "a:1"));
  EXPECT_EQ(ErrorInfoOf(Redeliver(99).status()).reason(), "DELIVERY_NOT_FOUND");
  EXPECT_EQ(ErrorInfoOf(SendTest("none").status()).reason(), "TARGET_NOT_FOUND");

  max_retries_ = 1;
  backoff_ = absl::Hours(1);
  receiver_.AnswerWith([&](const Parcel&) { return Failed(); });
  Restart();
  Enqueue("b");
  receiver_.AwaitCount(4);
  while (Deliveries()[0].attempts() == 0) std::this_thread::yield();
  receiver_.AnswerWith([&](const Parcel&) { return Delivered(); });
  ASSERT_OK(Redeliver(Deliveries()[0].id()));
  AwaitDeliveries(v1::DELIVERY_STATE_DELIVERED, 2);
}

TEST_F(NotifierTest, ABusyReceiverIsLeftAloneAsLongAsItAsks) {
  receiver_.AnswerWith([&](const Parcel&) {
    Outcome outcome = Failed(429);
    outcome.retry_after = absl::Hours(5);
    return outcome;
  });
  StartNotifier();
  Enqueue("a");
  receiver_.AwaitCount(1);
  while (Deliveries()[0].attempts() == 0) std::this_thread::yield();
  // Bounded, and for other jobs too.
  EXPECT_LT(FromProto(Deliveries()[0].next_attempt_at()), absl::Now() + absl::Hours(1));
  EXPECT_GT(FromProto(Deliveries()[0].next_attempt_at()), absl::Now() + absl::Minutes(50));
  Enqueue("b");
  AwaitDeliveries(v1::DELIVERY_STATE_PENDING, 2);
  EXPECT_THAT(receiver_.Names(), ElementsAre("a:1"));
}

TEST_F(NotifierTest, AFailingDiskCostsRepeatsAndNothingElse) {
  CloseStore();
  sqlite::FailingVfs disk;
  OpenStore();
  receiver_.Hold();
  StartNotifier();
  for (int i = 0; i < 10; ++i) {
    Enqueue(absl::StrCat("job-", i));
    Cancel(absl::StrCat("job-", i));
  }
  AwaitDeliveries(v1::DELIVERY_STATE_PENDING, 20);
  receiver_.AwaitCount(4);
  disk.FailAt(sqlite::FailingVfs::Failure::kFull, 1, 1000000);
  receiver_.Release();
  const absl::Time give_up = absl::Now() + kPatience;
  while (disk.failures() == 0) ASSERT_LT(absl::Now(), give_up) << "the disk never failed";
  disk.Heal();
  AwaitDeliveries(v1::DELIVERY_STATE_DELIVERED, 20);
  receiver_.ExpectOrder();
  CloseStore();
}

TEST_F(NotifierTest, AfterAStopNobodyWaits) {
  StartNotifier();
  StopNotifier();
  EXPECT_EQ(ErrorInfoOf(Redeliver(1).status()).reason(), "SERVER_DRAINING");
  receiver_.AnswerWith([&](const Parcel&) { return Outcome{.kind = Outcome::Kind::kCancelled}; });
  EXPECT_EQ(ErrorInfoOf(SendTest("hook").status()).reason(), "SERVER_DRAINING");
}

}  // namespace
}  // namespace spool::notify

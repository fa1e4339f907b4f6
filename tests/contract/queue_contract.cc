// Which job comes next: priority, then time in the queue, by lanes; pause and resume; positions.

#include <latch>
#include <thread>

#include "absl/container/flat_hash_set.h"
#include "server/job/failure.h"
#include "tests/contract/job_store_contract.h"

namespace spool::contract {
namespace {

using Lanes = store::JobStore::Lanes;

TEST_P(JobStoreContract, TheLongestWaitingComesFirst) {
  for (const char* id : {"c", "a", "b"}) Add(id);
  EXPECT_EQ(TakeId(), "c");
  EXPECT_EQ(TakeId(), "a");
  EXPECT_EQ(TakeId(), "b");
  EXPECT_EQ(TakeId(), "");
}

TEST_P(JobStoreContract, HigherPriorityComesBeforeLongerWait) {
  for (const auto& [id, priority] : std::vector<std::pair<std::string, int>>{
           {"low", -1000}, {"first", 0}, {"high", 5}, {"second", 0}, {"higher", 1000}, {"high-too", 5}}) {
    v1::EnqueueRequest request = Request(id);
    request.set_priority(priority);
    Add(request);
  }
  for (const char* id : {"higher", "high", "high-too", "first", "second", "low"}) EXPECT_EQ(TakeId(), id);
}

TEST_P(JobStoreContract, ASlotForStillsPassesOverVideos) {
  Add("video");
  Add(StillRequest("still"));
  Add(StillRequest("still-too"));
  EXPECT_EQ(TakeId(Lanes::kShortOnly), "still");
  // A slot for anything goes by priority and time alone.
  EXPECT_EQ(TakeId(Lanes::kAny), "video");
  EXPECT_EQ(TakeId(Lanes::kAny), "still-too");
  Add("video-too");
  EXPECT_EQ(TakeId(Lanes::kShortOnly), "");
}

TEST_P(JobStoreContract, ASlotForStillsGoesByPriorityToo) {
  v1::EnqueueRequest urgent = StillRequest("urgent");
  urgent.set_priority(1);
  Add(StillRequest("still"));
  Add(urgent);
  EXPECT_EQ(TakeId(Lanes::kShortOnly), "urgent");
}

TEST_P(JobStoreContract, NoJobIsGivenOutTwice) {
  constexpr int kJobs = 200;
  constexpr int kTakers = 4;
  std::vector<v1::EnqueueRequest> requests;
  for (int i = 0; i < kJobs; ++i) {
    requests.push_back(i % 3 == 0 ? StillRequest("j" + std::to_string(i)) : Request("j" + std::to_string(i)));
  }
  EnqueueAll(requests);
  std::vector<std::vector<std::string>> taken(kTakers);
  std::vector<std::thread> takers;
  for (int i = 0; i < kTakers; ++i) {
    takers.emplace_back([this, &mine = taken[i], lanes = i == 0 ? Lanes::kShortOnly : Lanes::kAny] {
      for (std::string id = TakeId(lanes); !id.empty(); id = TakeId(lanes)) mine.push_back(id);
    });
  }
  for (std::thread& taker : takers) taker.join();
  absl::flat_hash_set<std::string> all;
  for (const std::vector<std::string>& mine : taken) {
    for (const std::string& id : mine) EXPECT_TRUE(all.insert(id).second) << id << " was given out twice";
  }
  EXPECT_EQ(all.size(), kJobs);
}

TEST_P(JobStoreContract, EachTakeHasALeaseOfItsOwn) {
  Add("a");
  Add("b");
  const store::Lease a = TakeLease("a");
  const store::Lease b = TakeLease("b");
  EXPECT_NE(a.token, b.token);
  ASSERT_OK(HandBack(a));
  EXPECT_NE(TakeLease("a").token, a.token);
}

TEST_P(JobStoreContract, APausedQueueGivesOutNothing) {
  Add("a");
  Add("b");
  const store::Lease running = TakeLease("a");
  SetPaused(true);
  EXPECT_TRUE(store().Stats()->paused());
  EXPECT_EQ(TakeId(), "");
  EXPECT_EQ(TakeId(Lanes::kShortOnly), "");
  // What runs goes on, and jobs are accepted.
  ASSERT_OK(Complete(running));
  Add("c");
  EXPECT_EQ(listener().resumed(), 0);
  SetPaused(false);
  EXPECT_EQ(listener().resumed(), 1);
  EXPECT_FALSE(store().Stats()->paused());
  EXPECT_EQ(TakeId(), "b");
  EXPECT_EQ(TakeId(), "c");
}

TEST_P(JobStoreContract, PausingOrResumingTwiceIsAsOnce) {
  SetPaused(true);
  SetPaused(true);
  SetPaused(false);
  SetPaused(false);
  EXPECT_EQ(listener().resumed(), 1);
  EXPECT_EQ(store().Range().head, 0) << "a pause is no event of the log";
}

TEST_P(JobStoreContract, APauseSurvivesARestart) {
  Add("a");
  SetPaused(true);
  Reopen();
  EXPECT_TRUE(store().Stats()->paused());
  EXPECT_EQ(TakeId(), "");
  SetPaused(false);
  EXPECT_EQ(listener().resumed(), 1);
  EXPECT_EQ(TakeId(), "a");
}

// Whoever was turned away by a pause waits for OnResumed; if it does not come, the job waits for ever.
TEST_P(JobStoreContract, AShortPauseThatTurnedSomebodyAwayIsResumed) {
  Add("a");
  const auto release = listener().HoldNextCommit();
  std::latch answered(4);
  bool turned_away = false;
  std::vector<job::NewJob> jobs;
  jobs.push_back(Make(Request("b")));
  store().Enqueue(std::move(jobs), [&](const auto&) { answered.count_down(); });
  // These gather behind the held commit, so a store that commits in groups sees them at once.
  store().SetPaused(true, [&](const auto&) { answered.count_down(); });
  store().Take(Lanes::kAny, [&](const absl::StatusOr<std::optional<store::TakenJob>>& taken) {
    turned_away = !taken->has_value();
    answered.count_down();
  });
  store().SetPaused(false, [&](const auto&) { answered.count_down(); });
  release();
  answered.wait();
  EXPECT_TRUE(turned_away);
  EXPECT_EQ(listener().resumed(), 1);
}

TEST_P(JobStoreContract, PositionsFollowTheOrderOfTaking) {
  Add("a");
  Add("b");
  v1::EnqueueRequest urgent = Request("urgent");
  urgent.set_priority(1);
  const auto enqueued = Enqueue(urgent);
  ASSERT_OK(enqueued);
  EXPECT_EQ(enqueued->job.queue_position(), 1);
  Add(StillRequest("still"));
  EXPECT_EQ(Get("urgent").queue_position(), 1);
  EXPECT_EQ(Get("a").queue_position(), 2);
  EXPECT_EQ(Get("b").queue_position(), 3);
  EXPECT_EQ(Get("still").queue_position(), 4);

  EXPECT_EQ(TakeId(), "urgent");
  EXPECT_EQ(Get("urgent").queue_position(), 0);
  EXPECT_EQ(Get("a").queue_position(), 1);
  ASSERT_OK(Cancel("a"));
  EXPECT_EQ(Get("a").queue_position(), 0);
  EXPECT_EQ(Get("b").queue_position(), 1);
  EXPECT_EQ(Get("still").queue_position(), 2);
}

TEST_P(JobStoreContract, AHandedBackJobKeepsItsPlaceAndARetriedOneGoesToTheEnd) {
  for (const char* id : {"a", "b", "c"}) Add(id);
  const store::Lease a = TakeLease("a");
  const auto back = HandBack(a);
  ASSERT_OK(back);
  EXPECT_EQ(back->queue_position(), 1);
  ASSERT_OK(Fail(TakeLease("a"), job::kInvalidMedia));
  const auto retried = Retry("a");
  ASSERT_OK(retried);
  EXPECT_EQ(retried->queue_position(), 3);
  EXPECT_EQ(TakeId(), "b");
  EXPECT_EQ(TakeId(), "c");
  EXPECT_EQ(TakeId(), "a");
}

TEST_P(JobStoreContract, PositionsSurviveARestart) {
  std::vector<v1::EnqueueRequest> requests;
  for (int i = 0; i < 40; ++i) {
    requests.push_back(Request("j" + std::to_string(i)));
    requests.back().set_priority(i % 2);
  }
  EnqueueAll(requests);
  ASSERT_OK(Cancel("j3"));
  Reopen();
  // The 19 odd ones that are left come first.
  EXPECT_EQ(Get("j1").queue_position(), 1);
  EXPECT_EQ(Get("j39").queue_position(), 19);
  EXPECT_EQ(Get("j0").queue_position(), 20);
  EXPECT_EQ(Get("j38").queue_position(), 39);
}

}  // namespace
}  // namespace spool::contract

#include "server/notify/job_order.h"

#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace spool::notify {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1767225600);

TEST(JobOrder, AFailingEventHoldsBackItsJobAndNoOther) {
  JobOrder order(8);
  order.Add(1, "a", kNow);
  order.Add(2, "a", kNow);
  order.Add(3, "b", kNow);
  EXPECT_THAT(order.Take(kNow), ElementsAre(1));
  EXPECT_THAT(order.Take(kNow), ElementsAre(3));
  EXPECT_THAT(order.Take(kNow), IsEmpty());
  order.PutBack(1, kNow + absl::Seconds(5));
  order.Done({3}, Schedule::End::kDelivered, kNow);
  EXPECT_THAT(order.Take(kNow + absl::Seconds(4)), IsEmpty());
  EXPECT_EQ(order.NextDue(kNow), kNow + absl::Seconds(5));
  EXPECT_THAT(order.Take(kNow + absl::Seconds(5)), ElementsAre(1));
  order.Done({1}, Schedule::End::kGivenUp, kNow);
  EXPECT_THAT(order.Take(kNow), ElementsAre(2));
  order.Done({2}, Schedule::End::kDelivered, kNow);
  EXPECT_EQ(order.size(), 0);
  EXPECT_EQ(order.NextDue(kNow), absl::InfiniteFuture());
}

TEST(JobOrder, NotMoreAtOnceThanAllowed) {
  JobOrder order(2);
  for (int i = 1; i <= 3; ++i) order.Add(i, absl::StrCat("job-", i), kNow);
  EXPECT_THAT(order.Take(kNow), ElementsAre(1));
  EXPECT_THAT(order.Take(kNow), ElementsAre(2));
  EXPECT_THAT(order.Take(kNow), IsEmpty());
  EXPECT_EQ(order.NextDue(kNow), absl::InfiniteFuture());
  EXPECT_EQ(order.under_way(), 2);
  order.Done({1}, Schedule::End::kDelivered, kNow);
  EXPECT_THAT(order.Take(kNow), ElementsAre(3));
}

TEST(JobOrder, OneCanBeMadeDueAheadOfItsTimeButNotOfItsJob) {
  JobOrder order(8);
  order.Add(1, "a", kNow + absl::Hours(1));
  order.Add(2, "a", kNow + absl::Hours(1));
  order.MakeDue(2);
  EXPECT_THAT(order.Take(kNow), IsEmpty());
  order.MakeDue(1);
  EXPECT_THAT(order.Take(kNow), ElementsAre(1));
  order.MakeDue(1);  // is under way: nothing to do
  order.Done({1}, Schedule::End::kDelivered, kNow);
  EXPECT_THAT(order.Take(kNow), ElementsAre(2));
  order.MakeDue(7);  // not there
}

// Any mix of failures and successes: each job's deliveries begin in order, one at a time, and all of them end.
TEST(JobOrder, AnyScheduleKeepsTheOrder) {
  std::minstd_rand random(5);
  for (int round = 0; round < 200; ++round) {
    JobOrder order(1 + random() % 4);
    std::map<int64_t, std::string> job_of;
    for (int64_t id = 1; id <= 40; ++id) {
      job_of[id] = absl::StrCat("job-", random() % 6);
      order.Add(id, job_of[id], kNow);
    }
    absl::Time now = kNow;
    std::vector<int64_t> running;
    std::map<std::string, int64_t> done_through;
    int done = 0;
    for (int step = 0; step < 5000 && done < 40; ++step) {
      const std::vector<int64_t> taken = order.Take(now);
      if (!taken.empty()) {
        const int64_t id = taken.front();
        for (const int64_t other : running) ASSERT_NE(job_of[other], job_of[id]) << "two of one job at once";
        for (int64_t before = done_through[job_of[id]] + 1; before < id; ++before) {
          ASSERT_NE(job_of[before], job_of[id]) << id << " overtakes " << before;
        }
        running.push_back(id);
      } else if (running.empty()) {
        ASSERT_NE(order.NextDue(now), absl::InfiniteFuture()) << "nothing runs and nothing will";
        now = std::max(now, order.NextDue(now));
      }
      ASSERT_EQ(order.under_way(), running.size());
      if (!running.empty() && (taken.empty() || random() % 2 == 0)) {
        const size_t at = random() % running.size();
        const int64_t id = running[at];
        running.erase(running.begin() + at);
        if (random() % 3 == 0) {
          order.PutBack(id, now + absl::Seconds(random() % 10));
        } else {
          order.Done({id}, Schedule::End::kDelivered, now);
          done_through[job_of[id]] = id;
          ++done;
        }
      }
    }
    ASSERT_EQ(done, 40);
    ASSERT_EQ(order.size(), 0);
  }
}

}  // namespace
}  // namespace spool::notify

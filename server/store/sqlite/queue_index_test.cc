#include "server/store/sqlite/queue_index.h"

#include <set>
#include <utility>

#include "absl/random/random.h"
#include "gtest/gtest.h"

namespace spool::store {
namespace {

// Against a plain sorted set. Places `apart` from each other: side by side within a few words, and so that each floor
// has its borders crossed.
class QueueIndexTest : public testing::TestWithParam<int64_t> {};

TEST_P(QueueIndexTest, AgreesWithCounting) {
  const int64_t apart = GetParam();
  absl::BitGen random;
  QueueIndex index;
  std::set<std::pair<int, int64_t>> plain;  // (-priority, place): the order in which jobs are taken
  for (int step = 0; step < 20000; ++step) {
    const int priority = absl::Uniform(random, -2, 3);
    const int64_t place = absl::Uniform<int64_t>(random, 0, 5 * QueueIndex::kWord) * apart;
    if (plain.emplace(-priority, place).second) {
      index.Add(priority, place);
    } else {
      plain.erase({-priority, place});
      index.Remove(priority, place);
    }
    if (step % 10 != 0) continue;
    // Of a place that nobody has too.
    for (const int64_t at : {place, place + 1}) {
      ASSERT_EQ(index.AheadOf(priority, at), std::distance(plain.begin(), plain.lower_bound({-priority, at})));
    }
    ASSERT_EQ(index.AheadOfNew(priority), std::distance(plain.begin(), plain.lower_bound({-priority + 1, 0})));
  }
  for (const auto& [priority, place] : plain) index.Remove(-priority, place);
  EXPECT_TRUE(index.Priorities().empty());
}

INSTANTIATE_TEST_SUITE_P(Floors, QueueIndexTest,
                         testing::Values(1, 63, int64_t{1} << 6, int64_t{1} << 12, (int64_t{1} << 18) - 1,
                                         int64_t{1} << 18, int64_t{1} << 24, int64_t{1} << 50));

TEST(QueueIndex, EmptyHasNobodyAhead) {
  QueueIndex index;
  EXPECT_EQ(index.AheadOfNew(0), 0);
  index.Add(0, 7);
  index.Remove(0, 7);
  EXPECT_EQ(index.AheadOfNew(-1000), 0);
  EXPECT_EQ(index.AheadOf(0, 5000), 0);
}

TEST(QueueIndex, TwiceIsOnce) {
  QueueIndex index;
  index.Add(0, 7);
  index.Add(0, 7);
  EXPECT_EQ(index.AheadOf(0, 8), 1);
  index.Remove(0, 7);
  index.Remove(0, 7);
  index.Remove(5, 7);
  EXPECT_EQ(index.AheadOf(0, 8), 0);
  EXPECT_EQ(index.AheadOfNew(0), 0);
}

}  // namespace
}  // namespace spool::store

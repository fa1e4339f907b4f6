#include "server/store/sqlite/queue_index.h"

#include <set>
#include <utility>

#include "absl/random/random.h"
#include "gtest/gtest.h"

namespace spool::store {
namespace {

// Against a plain sorted set, with places that fall on and around block borders.
TEST(QueueIndex, AgreesWithCounting) {
  absl::BitGen random;
  QueueIndex index;
  std::set<std::pair<int, int64_t>> plain;  // (-priority, place): the order in which jobs are taken
  for (int step = 0; step < 20000; ++step) {
    const int priority = absl::Uniform(random, -2, 3);
    const int64_t place = absl::Uniform<int64_t>(random, 0, 5 * QueueIndex::kBlock);
    if (plain.emplace(-priority, place).second) {
      index.Add(priority, place);
    } else {
      plain.erase({-priority, place});
      index.Remove(priority, place);
    }
    if (step % 100 != 0) continue;
    const auto ahead = index.AheadOf(priority, place);
    const auto here = plain.lower_bound({-priority, place});
    const auto block = plain.lower_bound({-priority, ahead.block_start});
    ASSERT_EQ(ahead.whole + std::distance(block, here), std::distance(plain.begin(), here));
    ASSERT_EQ(index.AheadOfNew(priority), std::distance(plain.begin(), plain.lower_bound({-priority + 1, 0})));
  }
}

TEST(QueueIndex, EmptyHasNobodyAhead) {
  QueueIndex index;
  EXPECT_EQ(index.AheadOfNew(0), 0);
  index.Add(0, 7);
  index.Remove(0, 7);
  EXPECT_EQ(index.AheadOfNew(-1000), 0);
  EXPECT_EQ(index.AheadOf(0, 5000).whole, 0);
}

}  // namespace
}  // namespace spool::store

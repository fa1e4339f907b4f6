#include "server/store/sqlite/queue_index.h"

#include "server/base/mutex.h"

namespace spool::store {

void QueueIndex::Add(int priority, int64_t place, int64_t count) {
  MutexLock lock(&mu_);
  Level& level = levels_[priority];
  level.total += count;
  int64_t& block = level.blocks[place / kBlock];
  block += count;
  if (block == 0) level.blocks.erase(place / kBlock);
  if (level.total == 0 && level.blocks.empty()) levels_.erase(priority);
}

std::vector<int> QueueIndex::Priorities() const {
  MutexLock lock(&mu_);
  std::vector<int> priorities;
  for (const auto& [priority, level] : levels_) {
    if (level.total > 0) priorities.push_back(priority);
  }
  return priorities;
}

int64_t QueueIndex::AheadOfNew(int priority) const {
  MutexLock lock(&mu_);
  int64_t ahead = 0;
  for (auto level = levels_.lower_bound(priority); level != levels_.end(); ++level) ahead += level->second.total;
  return ahead;
}

QueueIndex::Ahead QueueIndex::AheadOf(int priority, int64_t place) const {
  MutexLock lock(&mu_);
  Ahead ahead;
  ahead.block_start = place / kBlock * kBlock;
  auto level = levels_.lower_bound(priority);
  if (level != levels_.end() && level->first == priority) {
    for (const auto& [block, count] : level->second.blocks) {
      if (block >= place / kBlock) break;
      ahead.whole += count;
    }
    ++level;
  }
  for (; level != levels_.end(); ++level) ahead.whole += level->second.total;
  return ahead;
}

}  // namespace spool::store

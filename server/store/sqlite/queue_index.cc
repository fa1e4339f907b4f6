#include "server/store/sqlite/queue_index.h"

#include <bit>

#include "server/base/mutex.h"

namespace spool::store {
namespace {

uint64_t BitOf(int64_t place) { return uint64_t{1} << (place % QueueIndex::kWord); }

}  // namespace

void QueueIndex::Add(int priority, int64_t place) {
  MutexLock lock(&mu_);
  Line& line = lines_[priority];
  uint64_t& word = line.words[place >> kBits];
  if ((word & BitOf(place)) != 0) return;
  word |= BitOf(place);
  line.Count(place, 1);
}

void QueueIndex::Remove(int priority, int64_t place) {
  MutexLock lock(&mu_);
  const auto line = lines_.find(priority);
  if (line == lines_.end()) return;
  const auto word = line->second.words.find(place >> kBits);
  if (word == line->second.words.end() || (word->second & BitOf(place)) == 0) return;
  word->second &= ~BitOf(place);
  if (word->second == 0) line->second.words.erase(word);
  line->second.Count(place, -1);
  if (line->second.total == 0) lines_.erase(line);
}

std::vector<int> QueueIndex::Priorities() const {
  MutexLock lock(&mu_);
  std::vector<int> priorities;
  for (const auto& [priority, line] : lines_) priorities.push_back(priority);
  return priorities;
}

int64_t QueueIndex::AheadOfNew(int priority) const {
  MutexLock lock(&mu_);
  int64_t ahead = 0;
  for (auto line = lines_.lower_bound(priority); line != lines_.end(); ++line) ahead += line->second.total;
  return ahead;
}

int64_t QueueIndex::AheadOf(int priority, int64_t place) const {
  MutexLock lock(&mu_);
  int64_t ahead = 0;
  for (auto line = lines_.lower_bound(priority); line != lines_.end(); ++line) {
    ahead += line->first == priority ? line->second.Before(place) : line->second.total;
  }
  return ahead;
}

void QueueIndex::Line::Count(int64_t place, int64_t change) {
  total += change;
  for (int floor = 0; floor < kFloors; ++floor) {
    const int64_t key = place >> (kBits * (floor + 2));
    if ((counts[floor][key] += change) == 0) counts[floor].erase(key);
  }
}

// From the top down: on each floor what lies left of the place, within the node of the floor above that it is in.
int64_t QueueIndex::Line::Before(int64_t place) const {
  int64_t before = 0;
  int64_t begin = 0;
  for (int floor = kFloors - 1; floor >= 0; --floor) {
    const int64_t end = place >> (kBits * (floor + 2));
    for (auto node = counts[floor].lower_bound(begin); node != counts[floor].end() && node->first < end; ++node) {
      before += node->second;
    }
    begin = end << kBits;
  }
  const int64_t end = place >> kBits;
  auto word = words.lower_bound(begin);
  for (; word != words.end() && word->first < end; ++word) before += std::popcount(word->second);
  if (word != words.end() && word->first == end) before += std::popcount(word->second & (BitOf(place) - 1));
  return before;
}

}  // namespace spool::store

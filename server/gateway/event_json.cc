#include "server/gateway/event_json.h"

#include "server/base/json.h"

namespace spool::gateway {

void ForEachEvent(const feed::Run& run, const std::function<void(const feed::Chunk& chunk, int index)>& take) {
  const feed::Chunk& chunk = *run.chunk;
  // The entry that begins where the run does.
  int low = 0;
  int high = chunk.size();
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (chunk.end(middle) <= run.begin) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  for (int i = low; i < chunk.size() && chunk.end(i) <= run.end; ++i) take(chunk, i);
}

std::shared_ptr<const std::string> EventJson::Of(const feed::Chunk& chunk, int index) {
  const int64_t sequence = chunk.first() + index;
  const size_t place = static_cast<size_t>(sequence) % kSlots;
  Mutex& lock = locks_[place % kLocks];
  {
    MutexLock guard(&lock);
    if (latest_[place].sequence == sequence) return latest_[place].json;
    if (older_[place].sequence == sequence) return older_[place].json;
  }
  // Outside the lock: two readers may make the same, which costs less than waiting.
  auto json = std::make_shared<const std::string>(ToJson(chunk.Parse(index)));
  if (json->size() > kLargest) return json;
  MutexLock guard(&lock);
  Slot& slot = latest_[place].sequence < sequence ? latest_[place] : older_[place];
  slot = {sequence, json};
  return json;
}

}  // namespace spool::gateway

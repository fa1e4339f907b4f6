// Events as JSON, made once for all who want them.

#ifndef SPOOL_SERVER_GATEWAY_EVENT_JSON_H_
#define SPOOL_SERVER_GATEWAY_EVENT_JSON_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "server/base/mutex.h"
#include "server/feed/subscription.h"

namespace spool::gateway {

// The entries of a run of a chunk, in order.
void ForEachEvent(const feed::Run& run, const std::function<void(const feed::Chunk& chunk, int index)>& take);

// Events' JSON, by their place in the log: with a thousand readers at the log's end, each event is made into JSON once,
// and about once for those who follow further behind, about together. Thread-safe.
class EventJson {
 public:
  EventJson() : latest_(kSlots), older_(kSlots) {}
  std::shared_ptr<const std::string> Of(const feed::Chunk& chunk, int index);

 private:
  // With what follows at most 64 MiB for each table; events of usual size take four.
  static constexpr size_t kSlots = 8192;
  // Larger ones (failures with a long stack) are made anew for each reader.
  static constexpr size_t kLargest = 8 << 10;
  static constexpr size_t kLocks = 16;
  struct Slot {
    int64_t sequence = 0;
    std::shared_ptr<const std::string> json;
  };
  std::array<Mutex, kLocks> locks_;
  // Slots i are guarded by locks_[i % kLocks]. Readers of old stretches must not drive out what those at the end share,
  // so these have a table of their own, where the last one wins.
  std::vector<Slot> latest_;
  std::vector<Slot> older_;
};

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_EVENT_JSON_H_

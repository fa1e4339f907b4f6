#include "server/app/heap.h"

#include <malloc.h>

#include <algorithm>

#include "absl/time/time.h"

namespace spool::app {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(5);
constexpr int64_t kKeepBytes = int64_t{32} << 20;
// What is larger is mapped by itself, and a heap's free end gives back what is beyond it. Left alone, malloc raises
// both to twice the largest block that was ever freed, up to 64 MiB for each of its heaps, of which there are many, and
// malloc_trim does not touch their ends.
constexpr int kLargeBytes = 4 << 20;

}  // namespace

bool TrimHeap(int64_t keep) {
  const struct mallinfo2 heaps = mallinfo2();
  const auto free = static_cast<int64_t>(heaps.fordblks);
  const auto used = static_cast<int64_t>(heaps.uordblks + heaps.hblkhd);
  return free > std::max(keep, used / 2) && malloc_trim(0) == 1;
}

HeapKeeper::HeapKeeper() {
  mallopt(M_MMAP_THRESHOLD, kLargeBytes);
  mallopt(M_TRIM_THRESHOLD, kLargeBytes);
  thread_ = std::thread([this] {
    while (!stop_.WaitForNotificationWithTimeout(kInterval)) TrimHeap(kKeepBytes);
  });
}

HeapKeeper::~HeapKeeper() {
  stop_.Notify();
  thread_.join();
}

}  // namespace spool::app

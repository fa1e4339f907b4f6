// Memory that was freed and that malloc keeps: after a burst, be it of calls or of an attack, hundreds of MiB.

#ifndef SPOOL_SERVER_APP_HEAP_H_
#define SPOOL_SERVER_APP_HEAP_H_

#include <cstdint>
#include <thread>

#include "absl/synchronization/notification.h"

namespace spool::app {

// Gives what is free in malloc's heaps back to the kernel if it is more than `keep` bytes and more than half of what is
// in use; what a busy server uses again at once is left to it. Answers whether it did.
bool TrimHeap(int64_t keep);

// Looks after it from a thread of its own, every few seconds, for as long as it lives, and has malloc keep less. malloc
// by itself gives back only what is free at a heap's very end.
class HeapKeeper {
 public:
  HeapKeeper();
  ~HeapKeeper();
  HeapKeeper(const HeapKeeper&) = delete;
  HeapKeeper& operator=(const HeapKeeper&) = delete;

 private:
  absl::Notification stop_;
  std::thread thread_;
};

}  // namespace spool::app

#endif  // SPOOL_SERVER_APP_HEAP_H_

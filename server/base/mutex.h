// Mutex, MutexLock, ReaderMutexLock and Condition: Abseil's, but for builds with the thread sanitizer.

#ifndef SPOOL_SERVER_BASE_MUTEX_H_
#define SPOOL_SERVER_BASE_MUTEX_H_

#include "absl/synchronization/mutex.h"

#ifdef SPOOL_TSAN
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"
#endif

namespace spool {

using Condition = absl::Condition;

#ifndef SPOOL_TSAN

using Mutex = absl::Mutex;
using MutexLock = absl::MutexLock;
using ReaderMutexLock = absl::ReaderMutexLock;

#else

// The distribution's Abseil is not built for the thread sanitizer, which therefore sees none of its locks and takes
// every guarded access for a race. It does see those of the standard library. Slower: whoever unlocks wakes all who
// wait.
class ABSL_LOCKABLE Mutex {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mu_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    mu_.unlock();
    changed_.notify_all();
  }
  void Await(const Condition& condition) {
    while (!condition.Eval()) changed_.wait(mu_);
  }
  bool AwaitWithTimeout(const Condition& condition, absl::Duration timeout) {
    const auto deadline = std::chrono::steady_clock::now() +
                          absl::ToChronoNanoseconds(std::min(timeout, absl::Duration(absl::Hours(1000))));
    while (!condition.Eval()) {
      if (changed_.wait_until(mu_, deadline) == std::cv_status::timeout) return condition.Eval();
    }
    return true;
  }

 private:
  std::mutex mu_;
  std::condition_variable_any changed_;
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex* mu) ABSL_EXCLUSIVE_LOCK_FUNCTION(mu) : mu_(mu) { mu_->Lock(); }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mu_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mu_;
};

using ReaderMutexLock = MutexLock;

#endif

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_MUTEX_H_

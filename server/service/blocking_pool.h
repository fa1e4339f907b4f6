// Threads that may wait for the disk. gRPC's callback threads are few (two on a small machine) and must never wait.

#ifndef SPOOL_SERVER_SERVICE_BLOCKING_POOL_H_
#define SPOOL_SERVER_SERVICE_BLOCKING_POOL_H_

#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "server/base/mutex.h"

namespace spool::service {

// Thread-safe.
class BlockingPool {
 public:
  explicit BlockingPool(int threads);
  ~BlockingPool();
  // After Stop the work is never run.
  void Post(absl::AnyInvocable<void() &&> work);
  // Runs what was posted, then ends the threads. Idempotent, from one thread.
  void Stop();

 private:
  void Run();
  Mutex mu_;
  std::deque<absl::AnyInvocable<void() &&>> queue_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

// A callback that has `done` called on a thread of the pool, with what it is itself called with. For the store's: a
// door may send an answer on the thread that ends the call, and for as long nobody's write would go on.
template <typename Result>
absl::AnyInvocable<void(Result) &&> On(BlockingPool* pool, absl::AnyInvocable<void(Result) &&> done) {
  return [pool, done = std::move(done)](Result result) mutable {
    pool->Post([done = std::move(done), result = std::move(result)]() mutable { std::move(done)(std::move(result)); });
  };
}

}  // namespace spool::service

#endif  // SPOOL_SERVER_SERVICE_BLOCKING_POOL_H_

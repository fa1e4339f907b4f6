// For threads that may block: a store's write as an ordinary call.

#ifndef SPOOL_SERVER_STORE_AWAIT_H_
#define SPOOL_SERVER_STORE_AWAIT_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "server/base/mutex.h"
#include "server/store/job_store.h"

namespace spool::store {

// Calls `start` with a Done<T> and waits for its answer. Never on the store's own thread.
//   auto job = Await<v1::Job>([&](Done<v1::Job> done) { store->Cancel(id, std::move(done)); });
template <typename T, typename Start>
absl::StatusOr<T> Await(Start&& start) {
  struct Answer {
    Mutex mu;
    std::optional<absl::StatusOr<T>> result ABSL_GUARDED_BY(mu);
  };
  // Shared: the answering thread may still be unlocking when the waiting one is on its way.
  auto answer = std::make_shared<Answer>();
  start(Done<T>([answer](absl::StatusOr<T> result) {
    MutexLock lock(&answer->mu);
    answer->result.emplace(std::move(result));
  }));
  MutexLock lock(&answer->mu);
  const auto answered = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return answer->result.has_value(); };
  answer->mu.Await(Condition(&answered));
  return *std::move(answer->result);
}

}  // namespace spool::store

#endif  // SPOOL_SERVER_STORE_AWAIT_H_

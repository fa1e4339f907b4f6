// For threads that may block: a store's write as an ordinary call.

#ifndef SPOOL_SERVER_STORE_AWAIT_H_
#define SPOOL_SERVER_STORE_AWAIT_H_

#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "server/store/job_store.h"

namespace spool::store {

// Calls `start` with a Done<T> and waits for its answer. Never on the store's own thread.
//   auto job = Await<v1::Job>([&](Done<v1::Job> done) { store->Cancel(id, std::move(done)); });
template <typename T, typename Start>
absl::StatusOr<T> Await(Start&& start) {
  absl::Notification answered;
  std::optional<absl::StatusOr<T>> answer;
  start(Done<T>([&](absl::StatusOr<T> result) {
    answer.emplace(std::move(result));
    answered.Notify();
  }));
  answered.WaitForNotification();
  return *std::move(answer);
}

}  // namespace spool::store

#endif  // SPOOL_SERVER_STORE_AWAIT_H_

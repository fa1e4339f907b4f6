// What is to be done by one thread, from any.

#ifndef SPOOL_SERVER_NOTIFY_INBOX_H_
#define SPOOL_SERVER_NOTIFY_INBOX_H_

#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"

namespace spool::notify {

// Thread-safe. Shared with those who put things in, so that they may outlive the reader.
class Inbox {
 public:
  using Task = absl::AnyInvocable<absl::Status()>;

  // False: nobody takes it any more.
  bool Put(Task task) {
    MutexLock lock(&mu_);
    if (!closed_) tasks_.push_back(std::move(task));
    return !closed_;
  }

  // Asks the reader to stop.
  void Stop() {
    MutexLock lock(&mu_);
    stopping_ = true;
  }
  bool stopping() {
    MutexLock lock(&mu_);
    return stopping_;
  }

  // All that is there, once there is something or `longest` is over; kTaskOrStop: or a stop was asked for.
  enum class Until { kTaskOrStop, kTask };
  std::vector<Task> Take(absl::Duration longest, Until until) {
    const auto ready = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
      return !tasks_.empty() || (until == Until::kTaskOrStop && stopping_);
    };
    MutexLock lock(&mu_);
    mu_.AwaitWithTimeout(Condition(&ready), longest);
    return std::exchange(tasks_, {});
  }

  // What is left; nothing is taken in from now on.
  std::vector<Task> Close() {
    MutexLock lock(&mu_);
    closed_ = true;
    return std::exchange(tasks_, {});
  }

 private:
  Mutex mu_;
  std::vector<Task> tasks_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_INBOX_H_

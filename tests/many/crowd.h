// Very many subscribers in one process.

#ifndef SPOOL_TESTS_MANY_CROWD_H_
#define SPOOL_TESTS_MANY_CROWD_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "spool/v1/job_service.pb.h"

namespace spool::testing {

// Watches of the same request, on several connections, that read whatever comes at once. Each checks, as far as that
// can be done without keeping anything, that its coverage is a chain and, without a filter, that every event is there
// once and in order. Thread-safe. The watches are cancelled when it goes.
class Crowd {
 public:
  Crowd(const std::string& address, int subscribers, int connections, const v1::WatchEventsRequest& request);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Each waits until it is so for all of them. DeadlineExceeded says how many are missing; FailedPrecondition what one
  // has found wrong; Unavailable that one has ended.
  absl::Status UntilOpened(absl::Duration longest) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status UntilCovered(int64_t sequence, absl::Duration longest) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status UntilHeartbeats(int64_t each, absl::Duration longest) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status UntilEnded(absl::Duration longest) ABSL_LOCKS_EXCLUDED(mu_);

  // How many have ended in which way: the reason in the error's details, or the code's name.
  std::map<std::string, int> Endings() const ABSL_LOCKS_EXCLUDED(mu_);
  // Delivered to all of them together.
  int64_t events() const ABSL_LOCKS_EXCLUDED(mu_);
  // The same of heartbeats.
  int64_t heartbeats() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  class Subscriber;
  // What is waited for: that a figure of each subscriber is at least `goal`.
  enum class Figure { kOpened, kThrough, kHeartbeats, kEnded };
  absl::Status Until(Figure figure, int64_t goal, absl::Duration longest, const char* what) ABSL_LOCKS_EXCLUDED(mu_);
  // The figure of one has grown.
  void Grow(Figure figure, int64_t from, int64_t to) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const v1::WatchEventsRequest request_;
  const bool whole_log_;
  mutable absl::Mutex mu_;
  Figure awaited_ ABSL_GUARDED_BY(mu_) = Figure::kOpened;
  int64_t goal_ ABSL_GUARDED_BY(mu_) = 0;
  // How many are not there yet.
  int64_t missing_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t events_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t heartbeats_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t alive_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<std::string, int> endings_ ABSL_GUARDED_BY(mu_);
  absl::Status wrong_ ABSL_GUARDED_BY(mu_);
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
};

}  // namespace spool::testing

#endif  // SPOOL_TESTS_MANY_CROWD_H_

// Clients that do what clients do, until their server is gone.

#ifndef SPOOL_TESTS_CRASH_TRAFFIC_H_
#define SPOOL_TESTS_CRASH_TRAFFIC_H_

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "spool/v1/job_service.grpc.pb.h"
#include "spool/v1/queue_service.grpc.pb.h"
#include "tests/crash/model.h"

namespace spool::testing {

// Requests that lost their answer, by job: whoever sends one again must get the same job.
using Unanswered = std::map<std::string, v1::EnqueueRequest>;

// Whether the queue is paused, as far as its one user can know.
struct PauseState {
  bool may_be_paused = false;
  bool may_run = true;
};

// One server's clients, through one life of that server. Thread-safe where it says so.
class Traffic {
 public:
  // `name` begins the ids of all jobs that are made here.
  Traffic(const std::string& address, const std::string& name, uint64_t seed, Model* model);
  ~Traffic();

  // Sends requests again that lost their answer; `in_log` says which ones made it. Answers what is wrong.
  std::vector<std::string> Repeat(const Unanswered& requests, const std::map<std::string, bool>& in_log);
  void Start(int clients, PauseState paused);
  // Until this many calls were answered since Start, or no client goes on, or time is up. True: they were answered.
  bool AwaitAnswers(int count, absl::Duration longest);
  // Ends the clients: at their next call, or when that is answered.
  void Stop();

  // After Stop.
  Unanswered TakeUnanswered();
  PauseState paused() const { return paused_; }
  std::vector<std::string> TakeWrong();

 private:
  void RunClient(int number, uint64_t seed);
  bool EnqueueOne(std::mt19937_64& random, const std::string& prefix);
  bool EnqueueMany(std::mt19937_64& random, const std::string& prefix);
  bool CancelOne(std::mt19937_64& random);
  bool RetryOne(std::mt19937_64& random);
  bool DeleteOne(std::mt19937_64& random);
  bool TurnPause(std::mt19937_64& random);
  v1::EnqueueRequest RandomRequest(std::mt19937_64& random, const std::string& job_id) const;
  // Records the outcome of one request; false if it has none.
  bool Settle(Model::Call call, const v1::EnqueueRequest& request, const grpc::Status& status,
              const v1::EnqueueResponse& response);
  void CountAnswer();

  const std::string name_;
  const uint64_t seed_;
  Model* const model_;
  std::unique_ptr<v1::JobService::Stub> jobs_;
  std::unique_ptr<v1::QueueService::Stub> queue_;
  std::atomic<bool> stop_{false};
  std::vector<std::thread> clients_;
  // Of the one client that turns it.
  PauseState paused_;

  absl::Mutex mu_;
  int answers_ ABSL_GUARDED_BY(mu_) = 0;
  int running_ ABSL_GUARDED_BY(mu_) = 0;
  Unanswered unanswered_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> wrong_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spool::testing

#endif  // SPOOL_TESTS_CRASH_TRAFFIC_H_

// What the benches of queue and feed share: a server to measure, a rival in the same run, and one way to print.

#ifndef SPOOL_TESTS_BENCH_HARNESS_H_
#define SPOOL_TESTS_BENCH_HARNESS_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "grpcpp/channel.h"
#include "spool/v1/job_service.grpc.pb.h"
#include "spool/v1/queue_service.grpc.pb.h"
#include "tests/support/program.h"
#include "tests/support/spoold_process.h"

namespace spool::bench {

using Clock = std::chrono::steady_clock;

// First thing in main: flags, and where `bazel run` has put the programs.
void Begin(int argc, char** argv);

// Prints why and ends the program with 1.
[[noreturn]] void Die(const std::string& why);

double SecondsSince(Clock::time_point begin);
// Of at least one value; reorders a copy.
double Median(std::vector<double> values);
double Percentile(std::vector<double> values, double percent);

// One line of the result. `ratio` is what the goal is about: ours to the baseline's, or a rate itself.
struct Figure {
  std::string name;
  std::string what;
  double ours = 0;
  // 0: there is none.
  double baseline = 0;
  std::string unit;
  // 0: nothing is asked for.
  double goal = 0;
  // Whether the goal is about ours / baseline rather than ours.
  bool goal_is_ratio = false;
};
// To stdout, as words or as one JSON object (--json).
void Print(const Figure& figure);

// A spoold of its own with these flags, and stubs on several connections.
class Server {
 public:
  explicit Server(const std::vector<std::string>& flags = {});
  // Stops and starts it on the same store. How long it took from the start to the ready line, in seconds.
  double Restart();

  v1::JobService::Stub& jobs(size_t i = 0) { return *jobs_[i % jobs_.size()]; }
  std::shared_ptr<grpc::Channel> channel(size_t i) { return channels_[i % channels_.size()]; }
  // No job runs from now on.
  void Pause();
  // So many small jobs that wait, in batches of a thousand.
  void Fill(int64_t jobs);
  // Stops it and copies events within its log until there are so many; starts it. Faster than to have them happen, and
  // good enough for what does not read them: their own sequence is that of the event they were copied from.
  void LengthenLog(int64_t head);
  int64_t head();
  // Jobs that wait in the queue.
  int64_t queued();
  int64_t resident_bytes() const;

 private:
  void Connect();
  v1::GetQueueStatsResponse Stats();

  const std::vector<std::string> flags_;
  testing::SpooldProcess process_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<v1::JobService::Stub>> jobs_;
};

// The echo server (echo_server.cc), in a process of its own: what gRPC by itself would do.
class Echo {
 public:
  Echo();
  ~Echo();
  v1::JobService::Stub& jobs(size_t i = 0) { return *jobs_[i % jobs_.size()]; }
  std::shared_ptr<grpc::Channel> channel(size_t i) { return channels_[i % channels_.size()]; }

 private:
  testing::Program program_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<v1::JobService::Stub>> jobs_;
};

// A typical request: its i-th variation.
v1::EnqueueRequest TypicalRequest(int64_t i);

// Calls per second with so many in flight until `calls` are answered. `start` begins call number i and calls `done`
// when it is answered; it dies by itself if the call fails.
double CallRate(int in_flight, int64_t calls, const std::function<void(int64_t i, std::function<void()> done)>& start);

}  // namespace spool::bench

#endif  // SPOOL_TESTS_BENCH_HARNESS_H_

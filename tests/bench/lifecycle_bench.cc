// Whole lives of jobs, enqueue, take, complete, without the work: how many the store and its feed carry a second, with
// every step durable; and how soon a subscriber hears of a job after its Enqueue was answered.
//
//   bazel run --config=opt //tests/bench:lifecycle_bench -- [--runs=5] [--jobs=20000] [--json]

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "server/base/ulid.h"
#include "server/feed/event_feed.h"
#include "server/job/request.h"
#include "server/store/sqlite/sqlite_job_store.h"
#include "tests/bench/harness.h"

ABSL_FLAG(int, runs, 5, "how often each figure is taken");
ABSL_FLAG(int64_t, jobs, 20000, "lives of one run");

namespace spool::bench {
namespace {

// Enqueues, takes and completes, each after the answer to the one before, in so many chains at once: what an executor
// with as many slots and a worker that does nothing would ask of the store.
class Lives {
 public:
  Lives(store::JobStore* store, int chains, int64_t jobs) : store_(store), left_to_start_(jobs), left_(jobs) {
    for (int i = 0; i < chains; ++i) Begin();
  }
  void Wait() {
    std::unique_lock<std::mutex> lock(mu_);
    all_.wait(lock, [this] { return left_ == 0; });
  }

 private:
  void Begin() {
    if (left_to_start_-- <= 0) return;
    absl::StatusOr<job::NewJob> made = job::MakeJob(TypicalRequest(left_to_start_), absl::Now(), ulids_);
    if (!made.ok()) Die(made.status().ToString());
    std::vector<job::NewJob> jobs;
    jobs.push_back(*std::move(made));
    store_->Enqueue(std::move(jobs), [this](auto result) {
      if (!result.ok() || !result->front().ok()) Die("enqueue failed");
      Take();
    });
  }
  void Take() {
    store_->Take(store::JobStore::Lanes::kAny, [this](absl::StatusOr<std::optional<store::TakenJob>> taken) {
      if (!taken.ok() || !taken->has_value()) Die("take failed");
      v1::JobResult result;
      result.set_width(640);
      result.set_height(360);
      result.set_bytes(123456);
      result.set_sha256(std::string(64, 'a'));
      store_->Complete((*taken)->lease, std::move(result), [this](absl::StatusOr<v1::Job> completed) {
        if (!completed.ok()) Die(completed.status().ToString());
        Begin();
        const std::lock_guard<std::mutex> lock(mu_);
        if (--left_ == 0) all_.notify_one();
      });
    });
  }

  store::JobStore* const store_;
  UlidSource ulids_;
  std::atomic<int64_t> left_to_start_;
  std::mutex mu_;
  std::condition_variable all_;
  int64_t left_;
};

void StoreAlone() {
  const std::string folder = std::filesystem::temp_directory_path() / absl::StrCat("lifecycle_bench.", getpid());
  for (const int chains : {1, 16, 256}) {
    std::vector<double> rates;
    for (int run = 0; run <= absl::GetFlag(FLAGS_runs); ++run) {
      std::filesystem::remove_all(folder);
      std::filesystem::create_directories(folder);
      store::SqliteOptions options;
      options.path = folder + "/spool.db";
      auto store = store::SqliteJobStore::Open(options);
      if (!store.ok()) Die(store.status().ToString());
      feed::EventFeed feed(store->get(), {});
      const int64_t jobs = absl::GetFlag(FLAGS_jobs) / (chains == 1 ? 20 : chains == 16 ? 4 : 1);
      const auto begin = Clock::now();
      Lives lives(store->get(), chains, jobs);
      lives.Wait();
      if (run > 0) rates.push_back(static_cast<double>(jobs) / SecondsSince(begin));
      feed.Stop();
      store->reset();
    }
    Print({"lifecycle", absl::StrCat("store and feed, ", chains, " at once"), Median(rates), 0, "lives/s", 0, false});
  }
  std::filesystem::remove_all(folder);
}

// The times at which a subscriber got each job's first event.
class Listener : public grpc::ClientReadReactor<v1::WatchEventsResponse> {
 public:
  explicit Listener(v1::JobService::Stub& stub) {
    request_.set_start_at(v1::START_AT_LATEST);
    stub.async()->WatchEvents(&context_, &request_, this);
    StartRead(&response_);
    StartCall();
    std::unique_lock<std::mutex> lock(mu_);
    heard_.wait(lock, [this] { return opened_; });
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    const auto now = Clock::now();
    {
      const std::lock_guard<std::mutex> lock(mu_);
      opened_ = true;
      for (const v1::Event& event : response_.events()) times_.emplace(event.job_id(), now);
      heard_.notify_all();
    }
    StartRead(&response_);
  }
  void OnDone(const grpc::Status&) override {
    const std::lock_guard<std::mutex> lock(mu_);
    ended_ = true;
    heard_.notify_all();
  }
  Clock::time_point When(const std::string& id) {
    std::unique_lock<std::mutex> lock(mu_);
    heard_.wait(lock, [&] { return times_.count(id) > 0; });
    return times_[id];
  }
  void End() {
    context_.TryCancel();
    std::unique_lock<std::mutex> lock(mu_);
    heard_.wait(lock, [this] { return ended_; });
  }

 private:
  grpc::ClientContext context_;
  v1::WatchEventsRequest request_;
  v1::WatchEventsResponse response_;
  std::mutex mu_;
  std::condition_variable heard_;
  bool opened_ = false;
  bool ended_ = false;
  std::map<std::string, Clock::time_point> times_;
};

void Latency() {
  Server server;
  server.Pause();
  Listener listener(server.jobs(1));
  std::vector<double> from_call, from_answer;
  for (int64_t i = 0; i < 2000; ++i) {
    grpc::ClientContext context;
    v1::EnqueueResponse response;
    const auto asked = Clock::now();
    if (const auto status = server.jobs(0).Enqueue(&context, TypicalRequest(i), &response); !status.ok()) {
      Die(status.error_message());
    }
    const auto answered = Clock::now();
    const auto heard = listener.When(response.job().id());
    from_call.push_back(std::chrono::duration<double, std::milli>(heard - asked).count());
    from_answer.push_back(std::chrono::duration<double, std::milli>(heard - answered).count());
  }
  listener.End();
  for (const double percent : {50.0, 99.0}) {
    const std::string name = absl::StrCat("p", percent);
    Print({"lifecycle", name + ", Enqueue's call to the event", Percentile(from_call, percent), 0, "ms", 0, false});
    Print({"lifecycle", name + ", its answer to the event (less than 0: the event was sooner)",
           Percentile(from_answer, percent), 0, "ms", 0, false});
  }
}

}  // namespace
}  // namespace spool::bench

int main(int argc, char** argv) {
  spool::bench::Begin(argc, argv);
  spool::bench::StoreAlone();
  spool::bench::Latency();
}

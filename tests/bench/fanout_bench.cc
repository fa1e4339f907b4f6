// Events delivered to many subscribers and parsed by them, in a process beside the server's on the same cores; and the
// replay of a long log.
//
//   bazel run --config=opt //tests/bench:fanout_bench -- [--runs=5] [--deliveries=4000000] [--replay=1000000] [--json]

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "tests/bench/harness.h"

ABSL_FLAG(int, runs, 5, "how often each case runs");
ABSL_FLAG(int64_t, deliveries, 4000000, "events times subscribers of one run, about");
ABSL_FLAG(int64_t, replay, 1000000, "events of the log that is replayed");

namespace spool::bench {
namespace {

// Counts what all subscribers of a run still miss.
class Tally {
 public:
  explicit Tally(int64_t missing) : missing_(missing) {}
  void Got(int64_t events) {
    if (missing_.fetch_sub(events) - events > 0) return;
    const std::lock_guard<std::mutex> lock(mu_);
    all_.notify_all();
  }
  void Wait() {
    std::unique_lock<std::mutex> lock(mu_);
    all_.wait(lock, [this] { return missing_ <= 0; });
  }

 private:
  std::atomic<int64_t> missing_;
  std::mutex mu_;
  std::condition_variable all_;
};

// One watch. Parses every response into messages, as any client does.
class Subscriber : public grpc::ClientReadReactor<v1::WatchEventsResponse> {
 public:
  Subscriber(v1::JobService::Stub* stub, v1::WatchEventsRequest request, Tally* opened, Tally* events)
      : request_(std::move(request)), opened_(opened), events_(events) {
    stub->async()->WatchEvents(&context_, &request_, this);
    StartRead(&response_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (response_.has_opened()) opened_->Got(1);
    if (response_.events_size() > 0) events_->Got(response_.events_size());
    StartRead(&response_);
  }
  void OnDone(const grpc::Status&) override { ended_.Got(1); }
  void End() {
    context_.TryCancel();
    ended_.Wait();
  }

 private:
  grpc::ClientContext context_;
  const v1::WatchEventsRequest request_;
  v1::WatchEventsResponse response_;
  Tally* const opened_;
  Tally* const events_;
  Tally ended_{1};
};

struct Case {
  std::string what;
  int subscribers;
  v1::WatchEventsRequest request;
  // One of so many events is asked for.
  int one_in = 1;
  double goal = 0;
};

double Deliver(Server& server, const Case& one) {
  const int64_t events = std::max<int64_t>(1000, absl::GetFlag(FLAGS_deliveries) / one.subscribers / 1000 * 1000);
  const int64_t published = std::min<int64_t>(events * (one.one_in > 1 ? 10 : 1), 200000);
  Tally opened(one.subscribers);
  Tally missing(published / one.one_in * one.subscribers);
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  for (int i = 0; i < one.subscribers; ++i) {
    subscribers.push_back(
        std::make_unique<Subscriber>(&server.jobs(static_cast<size_t>(i)), one.request, &opened, &missing));
  }
  opened.Wait();
  const auto begin = Clock::now();
  server.Fill(published);
  missing.Wait();
  const double seconds = SecondsSince(begin);
  for (const auto& subscriber : subscribers) subscriber->End();
  // Of a filter that matches little, what counts is what had to be looked at.
  return static_cast<double>(published * one.subscribers) / seconds;
}

void FanOut(Server& server) {
  v1::WatchEventsRequest all;
  v1::WatchEventsRequest by_type;
  by_type.mutable_filter()->add_types(v1::EVENT_TYPE_QUEUED);
  v1::WatchEventsRequest one_by_one;
  one_by_one.set_max_batch_events(1);
  v1::WatchEventsRequest by_video;
  by_video.mutable_filter()->add_video_ids("video-7");
  const std::vector<Case> cases = {
      {"1 subscriber", 1, all},
      {"100 subscribers", 100, all, 1, 5e6},
      {"100 subscribers, filter that matches all", 100, by_type},
      {"100 subscribers, one event a message", 100, one_by_one},
      {"100 subscribers, filter for 1 job in 1000", 100, by_video, 1000},
      {"1000 subscribers", 1000, all},
  };
  for (const Case& one : cases) {
    std::vector<double> rates;
    const bool is_slow = one.request.max_batch_events() == 1;
    for (int run = 0; run <= (is_slow ? 1 : absl::GetFlag(FLAGS_runs)); ++run) {
      const double rate = Deliver(server, one);
      if (run > 0) rates.push_back(rate);
    }
    Print({"fanout", one.what, Median(rates), 0, one.one_in > 1 ? "events looked at/s" : "events delivered/s", one.goal,
           false});
  }
}

void Replay(Server& server) {
  const int64_t missing = absl::GetFlag(FLAGS_replay) - server.head();
  if (missing > 0) server.Fill(missing);
  const int64_t events = server.head();
  v1::WatchEventsRequest request;
  request.set_start_at(v1::START_AT_EARLIEST);
  std::vector<double> rates;
  for (int run = 0; run < absl::GetFlag(FLAGS_runs); ++run) {
    // Nothing is in memory.
    server.Restart();
    Tally opened(1), left(events);
    const auto begin = Clock::now();
    Subscriber subscriber(&server.jobs(), request, &opened, &left);
    left.Wait();
    rates.push_back(static_cast<double>(events) / SecondsSince(begin));
    subscriber.End();
  }
  Print(
      {"fanout", absl::StrCat("replay of ", events, " events from the log"), Median(rates), 0, "events/s", 1e6, false});
}

}  // namespace
}  // namespace spool::bench

int main(int argc, char** argv) {
  spool::bench::Begin(argc, argv);
  spool::bench::Server server;
  server.Pause();
  spool::bench::FanOut(server);
  spool::bench::Replay(server);
}

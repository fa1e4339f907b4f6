// Events delivered to many subscribers and parsed by them, in a process beside the server's on the same cores; and the
// replay of a long log. The baseline is a gRPC server that sends as many events to as many subscribers, in responses of
// the same size made once for all: no queue, no log, no filter.
//
//   bazel run --config=opt //tests/bench:fanout_bench -- [--runs=5] [--deliveries=4000000] [--replay=1000000]
//       [--batch=256] [--json]

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "tests/bench/harness.h"
#include "tests/support/crowded_watch.h"

ABSL_FLAG(int, runs, 5, "how often each case runs");
ABSL_FLAG(int64_t, deliveries, 4000000, "events times subscribers of one run, about");
ABSL_FLAG(int, batch, 256,
          "most events of a response, from 1, where the case says nothing else; 256 is the server's default");
ABSL_FLAG(int64_t, replay, 1000000, "events of the log that is replayed");

namespace spool::bench {
namespace {

// Counts what all subscribers of a run still miss.
class Tally {
 public:
  explicit Tally(int64_t missing) : missing_(missing) {}
  void Got(int64_t events) {
    // All of it under the lock: whoever waits may take this away as soon as nothing is missing.
    const std::lock_guard<std::mutex> lock(mu_);
    missing_ -= events;
    if (missing_ <= 0) all_.notify_all();
  }
  void Wait() {
    std::unique_lock<std::mutex> lock(mu_);
    all_.wait(lock, [this] { return missing_ <= 0; });
  }

 private:
  int64_t missing_;
  std::mutex mu_;
  std::condition_variable all_;
};

class Subscriber : public testing::CrowdedWatch {
 public:
  Subscriber(const std::shared_ptr<grpc::Channel>& channel, const v1::WatchEventsRequest& request, Tally* opened,
             Tally* events)
      : opened_(opened), events_(events) {
    Start(channel, request);
  }
  // Before it goes.
  void End() {
    Cancel();
    ended_.Wait();
  }

 private:
  void OnResponse(const v1::WatchEventsResponse& response) override {
    if (response.has_opened() && opened_ != nullptr) opened_->Got(1);
    if (response.events_size() > 0) events_->Got(response.events_size());
  }
  void OnEnd(const grpc::Status&) override { ended_.Got(1); }

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

double Deliver(Server& server, const Case& one, int64_t deliveries) {
  const int64_t events = std::max<int64_t>(1000, deliveries / one.subscribers / 1000 * 1000);
  const int64_t published = std::min<int64_t>(events * (one.one_in > 1 ? 10 : 1), 200000);
  Tally opened(one.subscribers);
  Tally missing(published / one.one_in * one.subscribers);
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  for (int i = 0; i < one.subscribers; ++i) {
    subscribers.push_back(
        std::make_unique<Subscriber>(server.channel(static_cast<size_t>(i)), one.request, &opened, &missing));
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

// The same from the echo server.
double DeliverByEcho(Echo& echo, int subscribers, int batch, int64_t events) {
  v1::WatchEventsRequest request;
  const int64_t each = std::max<int64_t>(1, events / batch) * batch;
  request.set_after_sequence(each);
  request.set_max_batch_events(batch);
  Tally missing(each * subscribers);
  std::vector<std::unique_ptr<Subscriber>> all;
  const auto begin = Clock::now();
  for (int i = 0; i < subscribers; ++i) {
    all.push_back(std::make_unique<Subscriber>(echo.channel(static_cast<size_t>(i)), request, nullptr, &missing));
  }
  missing.Wait();
  const double seconds = SecondsSince(begin);
  for (const auto& subscriber : all) subscriber->End();
  return static_cast<double>(each * subscribers) / seconds;
}

void FanOut(Server& server, Echo& echo) {
  v1::WatchEventsRequest all;
  all.set_max_batch_events(absl::GetFlag(FLAGS_batch));
  v1::WatchEventsRequest by_type = all;
  by_type.mutable_filter()->add_types(v1::EVENT_TYPE_QUEUED);
  v1::WatchEventsRequest one_by_one;
  one_by_one.set_max_batch_events(1);
  v1::WatchEventsRequest by_video = all;
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
    const int batch = one.request.max_batch_events();
    std::vector<double> rates, ratios;
    for (int run = 0; run <= absl::GetFlag(FLAGS_runs); ++run) {
      // Of one event a message a tenth will do.
      const int64_t deliveries = absl::GetFlag(FLAGS_deliveries) / (batch == 1 ? 10 : 1);
      const double rate = Deliver(server, one, deliveries);
      const double bare =
          one.one_in > 1 ? 0 : DeliverByEcho(echo, one.subscribers, batch, deliveries / one.subscribers);
      if (run == 0) continue;
      rates.push_back(rate);
      if (bare > 0) ratios.push_back(rate / bare);
    }
    const double rate = Median(rates);
    Print({"fanout", one.what, rate, ratios.empty() ? 0 : rate / Median(ratios),
           one.one_in > 1 ? "events looked at/s" : "events delivered/s", one.goal, false});
  }
}

void Replay(Server& server, Echo& echo) {
  const int64_t missing = absl::GetFlag(FLAGS_replay) - server.head();
  if (missing > 0) server.Fill(missing);
  const int64_t events = server.head();
  v1::WatchEventsRequest request;
  request.set_start_at(v1::START_AT_EARLIEST);
  request.set_max_batch_events(absl::GetFlag(FLAGS_batch));
  std::vector<double> rates, ratios;
  for (int run = 0; run < absl::GetFlag(FLAGS_runs); ++run) {
    // Nothing is in memory.
    server.Restart();
    Tally opened(1), left(events);
    const auto begin = Clock::now();
    Subscriber subscriber(server.channel(0), request, &opened, &left);
    left.Wait();
    rates.push_back(static_cast<double>(events) / SecondsSince(begin));
    subscriber.End();
    ratios.push_back(rates.back() / DeliverByEcho(echo, 1, absl::GetFlag(FLAGS_batch), events));
  }
  const double rate = Median(rates);
  Print({"fanout", absl::StrCat("replay of ", events, " events from the log"), rate, rate / Median(ratios), "events/s",
         1e6, false});
}

}  // namespace
}  // namespace spool::bench

int main(int argc, char** argv) {
  spool::bench::Begin(argc, argv);
  spool::bench::Server server;
  server.Pause();
  spool::bench::Echo echo;
  spool::bench::FanOut(server, echo);
  spool::bench::Replay(server, echo);
}

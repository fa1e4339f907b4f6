// Whether a full store is slower than an empty one: calls per second with 100 000 and 1 000 000 waiting jobs, each time
// next to a server with next to none; memory, and the time to start, at last with a log of 10 000 000 events too. The
// two take turns, so that a machine that is slower for a minute is so for both.
//
//   bazel run --config=opt //tests/bench:scale_bench -- [--runs=5] [--most=1000000] [--events=10000000] [--json]

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "tests/bench/harness.h"

ABSL_FLAG(int, runs, 5, "how often each figure is taken");
ABSL_FLAG(int64_t, most, 1000000, "jobs in the fullest store");
ABSL_FLAG(int64_t, events, 10000000, "events in the longest log; 0: none is made longer");

namespace spool::bench {
namespace {

constexpr int kInFlight = 64;

template <typename Request, typename Response>
struct Call {
  grpc::ClientContext context;
  Request request;
  Response response;
  std::function<void()> done;
  void Answered(const grpc::Status& status) {
    if (!status.ok()) Die(status.error_message());
    done();
    delete this;
  }
};

// A server, and what of its store the calls are about.
class Store {
 public:
  Store() { server_.Pause(); }
  void FillUpTo(int64_t jobs) { server_.Fill(jobs - server_.queued()); }

  double Enqueue() {
    return CallRate(kInFlight, 5000, [&](int64_t i, std::function<void()> done) {
      auto* call = new Call<v1::EnqueueRequest, v1::EnqueueResponse>;
      call->request = TypicalRequest(i);
      call->done = std::move(done);
      server_.jobs(static_cast<size_t>(i))
          .async()
          ->Enqueue(&call->context, &call->request, &call->response,
                    [call](const grpc::Status& status) { call->Answered(status); });
    });
  }

  // With the queue position, which is what a waiting job is asked for.
  double Get() {
    FindNewest();
    return CallRate(kInFlight, 10000, [&](int64_t i, std::function<void()> done) {
      auto* call = new Call<v1::GetJobRequest, v1::GetJobResponse>;
      call->request.set_job_id(newest_[static_cast<size_t>(i * 7919) % newest_.size()]);
      call->done = std::move(done);
      server_.jobs(static_cast<size_t>(i))
          .async()
          ->GetJob(&call->context, &call->request, &call->response,
                   [call](const grpc::Status& status) { call->Answered(status); });
    });
  }

  double FirstPage() { return List(Page(100)); }

  double DeepPage() {
    v1::ListJobsRequest page = Page(100);
    page.set_page_token(further_down_);
    return List(page);
  }

  // As many of a video as a store that is all but empty has of it.
  double ByVideo() {
    v1::ListJobsRequest page = Page(5);
    page.mutable_filter()->add_video_ids("video-7");
    return List(page);
  }

  // Stands for Take, which only the executor calls: it takes a job out of the queue too.
  double Cancel() {
    return CallRate(kInFlight, 4000, [&](int64_t i, std::function<void()> done) {
      auto* call = new Call<v1::CancelJobRequest, v1::CancelJobResponse>;
      call->request.set_job_id(newest_[static_cast<size_t>(i)]);
      call->done = std::move(done);
      server_.jobs(static_cast<size_t>(i))
          .async()
          ->CancelJob(&call->context, &call->request, &call->response,
                      [call](const grpc::Status& status) { call->Answered(status); });
    });
  }

  void LengthenLog(int64_t head) { server_.LengthenLog(head); }
  double ResidentMiB() const { return static_cast<double>(server_.resident_bytes()) / (1 << 20); }
  // Seconds until it is ready again.
  double Restart() {
    const double took = server_.Restart();
    server_.Pause();
    return took;
  }

 private:
  static v1::ListJobsRequest Page(int jobs) {
    v1::ListJobsRequest page;
    page.set_page_size(jobs);
    return page;
  }

  void FindNewest() {
    v1::ListJobsRequest page = Page(1000);
    newest_.clear();
    for (int i = 0; i < 5; ++i) {
      grpc::ClientContext context;
      v1::ListJobsResponse response;
      const grpc::Status status = server_.jobs().ListJobs(&context, page, &response);
      if (!status.ok()) Die(status.error_message());
      for (const v1::Job& job : response.jobs()) newest_.push_back(job.id());
      page.set_page_token(further_down_ = response.next_page_token());
    }
  }

  double List(const v1::ListJobsRequest& page) {
    return CallRate(8, 1000, [&](int64_t i, std::function<void()> done) {
      auto* call = new Call<v1::ListJobsRequest, v1::ListJobsResponse>;
      call->request = page;
      call->done = std::move(done);
      server_.jobs(static_cast<size_t>(i))
          .async()
          ->ListJobs(&call->context, &call->request, &call->response,
                     [call](const grpc::Status& status) { call->Answered(status); });
    });
  }

  Server server_;
  std::vector<std::string> newest_;
  // Page token of what follows them.
  std::string further_down_;
};

// In this order: Get finds the jobs that Cancel cancels, and where the page further down begins.
struct Kind {
  const char* name;
  double (Store::*rate)();
};
constexpr Kind kKinds[] = {
    {"Enqueue, 64 in flight", &Store::Enqueue},          {"GetJob with queue position", &Store::Get},
    {"CancelJob of waiting jobs", &Store::Cancel},       {"ListJobs, first page", &Store::FirstPage},
    {"ListJobs, a page further down", &Store::DeepPage}, {"ListJobs by video, 5 a page", &Store::ByVideo},
};

void Compare(int64_t jobs, Store& full, Store& empty) {
  std::array<std::vector<double>, std::size(kKinds)> of_full, of_empty;
  // The first round only warms both.
  for (int run = 0; run <= absl::GetFlag(FLAGS_runs); ++run) {
    for (size_t kind = 0; kind < std::size(kKinds); ++kind) {
      for (const bool is_full : {run % 2 == 0, run % 2 != 0}) {
        const double rate = ((is_full ? full : empty).*kKinds[kind].rate)();
        if (run > 0) (is_full ? of_full : of_empty)[kind].push_back(rate);
      }
    }
  }
  const std::string store = absl::StrCat(jobs, " jobs: ");
  for (size_t kind = 0; kind < std::size(kKinds); ++kind) {
    Print({"scale", absl::StrCat(store, kKinds[kind].name), Median(of_full[kind]), Median(of_empty[kind]), "calls/s",
           0.9, true});
  }
  Print({"scale", absl::StrCat(store, "resident"), full.ResidentMiB(), empty.ResidentMiB(), "MiB", 0});
  const double start = full.Restart();
  Print({"scale", absl::StrCat(store, "start to ready"), start, empty.Restart(), "s", 0});
}

void PrintStarts(const std::string& what, Store& store) {
  std::vector<double> starts;
  for (int run = 0; run < absl::GetFlag(FLAGS_runs); ++run) starts.push_back(store.Restart());
  Print({"scale", absl::StrCat(what, ": start to ready"), Median(starts), 0, "s", 0});
  Print({"scale", absl::StrCat(what, ": resident after it"), store.ResidentMiB(), 0, "MiB", 0});
}

}  // namespace
}  // namespace spool::bench

int main(int argc, char** argv) {
  spool::bench::Begin(argc, argv);
  using namespace spool::bench;
  for (int64_t jobs = 100000; jobs <= absl::GetFlag(FLAGS_most); jobs *= 10) {
    Store empty, full;
    full.FillUpTo(jobs);
    Compare(jobs, full, empty);
    const int64_t events = absl::GetFlag(FLAGS_events);
    if (jobs * 10 <= absl::GetFlag(FLAGS_most) || events == 0) continue;
    full.LengthenLog(events);
    PrintStarts(absl::StrCat(jobs, " jobs, ", events, " events"), full);
  }
}

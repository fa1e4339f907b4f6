// Whether a full store is slower than an empty one: calls per second with 0, 100 000 and 1 000 000 waiting jobs,
// memory, and the time to start.
//
//   bazel run --config=opt //tests/bench:scale_bench -- [--runs=5] [--most=1000000] [--json]

#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "tests/bench/harness.h"

ABSL_FLAG(int, runs, 5, "how often each figure is taken");
ABSL_FLAG(int64_t, most, 1000000, "jobs in the fullest store");

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

double EnqueueRate(Server& server, int64_t calls) {
  return CallRate(kInFlight, calls, [&](int64_t i, std::function<void()> done) {
    auto* call = new Call<v1::EnqueueRequest, v1::EnqueueResponse>;
    call->request = TypicalRequest(i);
    call->done = std::move(done);
    server.jobs(static_cast<size_t>(i))
        .async()
        ->Enqueue(&call->context, &call->request, &call->response,
                  [call](const grpc::Status& status) { call->Answered(status); });
  });
}

// With the queue position, which is what a waiting job is asked for.
double GetRate(Server& server, const std::vector<std::string>& ids, int64_t calls) {
  return CallRate(kInFlight, calls, [&](int64_t i, std::function<void()> done) {
    auto* call = new Call<v1::GetJobRequest, v1::GetJobResponse>;
    call->request.set_job_id(ids[static_cast<size_t>(i * 7919) % ids.size()]);
    call->done = std::move(done);
    server.jobs(static_cast<size_t>(i))
        .async()
        ->GetJob(&call->context, &call->request, &call->response,
                 [call](const grpc::Status& status) { call->Answered(status); });
  });
}

double ListRate(Server& server, const v1::ListJobsRequest& request, int64_t calls) {
  return CallRate(8, calls, [&](int64_t i, std::function<void()> done) {
    auto* call = new Call<v1::ListJobsRequest, v1::ListJobsResponse>;
    call->request = request;
    call->done = std::move(done);
    server.jobs(static_cast<size_t>(i))
        .async()
        ->ListJobs(&call->context, &call->request, &call->response,
                   [call](const grpc::Status& status) { call->Answered(status); });
  });
}

v1::ListJobsResponse List(Server& server, const v1::ListJobsRequest& request) {
  grpc::ClientContext context;
  v1::ListJobsResponse response;
  if (const grpc::Status status = server.jobs().ListJobs(&context, request, &response); !status.ok()) {
    Die(status.error_message());
  }
  return response;
}

// What is measured of one store.
struct Figures {
  double enqueue, get, first_page, deep_page, filtered, cancel, start;
  int64_t resident;
};

// Stands for Take, which only the executor calls: it takes a job out of the queue too.
double CancelRate(Server& server, const std::vector<std::string>& ids) {
  return CallRate(kInFlight, static_cast<int64_t>(ids.size()), [&](int64_t i, std::function<void()> done) {
    auto* call = new Call<v1::CancelJobRequest, v1::CancelJobResponse>;
    call->request.set_job_id(ids[static_cast<size_t>(i)]);
    call->done = std::move(done);
    server.jobs(static_cast<size_t>(i))
        .async()
        ->CancelJob(&call->context, &call->request, &call->response,
                    [call](const grpc::Status& status) { call->Answered(status); });
  });
}

std::vector<std::string> IdsOf(const v1::ListJobsResponse& page) {
  std::vector<std::string> ids;
  for (const v1::Job& job : page.jobs()) ids.push_back(job.id());
  return ids;
}

Figures Measure(Server& server) {
  const int runs = absl::GetFlag(FLAGS_runs);
  Figures figures;
  v1::ListJobsRequest first;
  first.set_page_size(100);
  // As many as an empty store has of it after the first round of calls.
  v1::ListJobsRequest filtered;
  filtered.set_page_size(5);
  filtered.mutable_filter()->add_video_ids("video-7");
  std::vector<double> enqueue, get, first_page, deep_page, filtered_page, cancel;
  for (int run = 0; run <= runs; ++run) {
    const double enqueued = EnqueueRate(server, 5000);
    v1::ListJobsRequest deep = first;
    deep.set_page_size(1000);
    std::vector<std::string> ids;
    for (int page = 0; page < 5; ++page) {
      const v1::ListJobsResponse response = List(server, deep);
      for (const std::string& id : IdsOf(response)) ids.push_back(id);
      if (response.next_page_token().empty()) break;
      deep.set_page_token(response.next_page_token());
    }
    deep.set_page_size(100);
    const double got = GetRate(server, ids, 10000);
    const double listed = ListRate(server, first, 1000);
    const double listed_deep = ListRate(server, deep, 1000);
    const double listed_some = ListRate(server, filtered, 1000);
    ids.resize(2000);
    const double cancelled = CancelRate(server, ids);
    if (run == 0) continue;
    enqueue.push_back(enqueued);
    get.push_back(got);
    first_page.push_back(listed);
    deep_page.push_back(listed_deep);
    filtered_page.push_back(listed_some);
    cancel.push_back(cancelled);
  }
  figures = {Median(enqueue), Median(get), Median(first_page),     Median(deep_page), Median(filtered_page),
             Median(cancel),  0,           server.resident_bytes()};
  figures.start = server.Restart();
  server.Pause();
  return figures;
}

void Compare(const std::string& store, const Figures& full, const Figures& empty) {
  const auto print = [&](const std::string& what, double ours, double baseline, double goal) {
    Print({"scale", absl::StrCat(store, " jobs: ", what), ours, baseline, "calls/s", goal, true});
  };
  const bool is_empty = &full == &empty;
  const double goal = is_empty ? 0 : 0.9;
  print("Enqueue, 64 in flight", full.enqueue, is_empty ? 0 : empty.enqueue, goal);
  print("GetJob with queue position", full.get, is_empty ? 0 : empty.get, goal);
  print("CancelJob of waiting jobs", full.cancel, is_empty ? 0 : empty.cancel, goal);
  print("ListJobs, first page", full.first_page, is_empty ? 0 : empty.first_page, goal);
  print("ListJobs, a page further down", full.deep_page, is_empty ? 0 : empty.deep_page, goal);
  print("ListJobs by video, 5 a page", full.filtered, is_empty ? 0 : empty.filtered, goal);
  Print({"scale", absl::StrCat(store, " jobs: resident"), static_cast<double>(full.resident) / (1 << 20), 0, "MiB", 0});
  Print({"scale", absl::StrCat(store, " jobs: start to ready"), full.start, 0, "s", 0});
}

}  // namespace
}  // namespace spool::bench

int main(int argc, char** argv) {
  spool::bench::Begin(argc, argv);
  using namespace spool::bench;
  Server server;
  server.Pause();
  const Figures empty = Measure(server);
  Compare("0", empty, empty);
  for (int64_t jobs = 100000; jobs <= absl::GetFlag(FLAGS_most); jobs *= 10) {
    server.Fill(jobs - server.queued());
    Compare(absl::StrCat(jobs), Measure(server), empty);
  }
}

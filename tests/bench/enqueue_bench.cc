// Durable Enqueue against a bare gRPC echo of the same messages, with 1, 16, 64 and 256 calls in flight; and batches
// against SQLite by itself: two rows for each job, as large as ours, in tables without an index, in transactions of the
// same size.
//
//   bazel run --config=opt //tests/bench:enqueue_bench -- [--pairs=5] [--calls=20000] [--json]

#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "server/sqlite/database.h"
#include "tests/bench/harness.h"

ABSL_FLAG(int, pairs, 5, "how often each side runs");
ABSL_FLAG(int64_t, calls, 20000, "calls of one run with 256 in flight; fewer with fewer");

namespace spool::bench {
namespace {

// One call under way; frees itself.
struct Call {
  grpc::ClientContext context;
  v1::EnqueueRequest request;
  v1::EnqueueResponse response;
  std::function<void()> done;
};

double EnqueueRate(const std::vector<v1::JobService::Stub*>& stubs, int in_flight, int64_t calls) {
  return CallRate(in_flight, calls, [&](int64_t i, std::function<void()> done) {
    auto* call = new Call;
    call->request = TypicalRequest(i);
    call->done = std::move(done);
    stubs[static_cast<size_t>(i) % stubs.size()]->async()->Enqueue(&call->context, &call->request, &call->response,
                                                                   [call](grpc::Status status) {
                                                                     if (!status.ok()) Die(status.error_message());
                                                                     call->done();
                                                                     delete call;
                                                                   });
  });
}

void UnaryAgainstEcho(Server& server) {
  Echo echo;
  std::vector<v1::JobService::Stub*> ours, theirs;
  for (size_t i = 0; i < 4; ++i) {
    ours.push_back(&server.jobs(i));
    theirs.push_back(&echo.jobs(i));
  }
  for (const int in_flight : {1, 16, 64, 256}) {
    const int64_t calls = absl::GetFlag(FLAGS_calls) / (in_flight == 1 ? 20 : in_flight == 16 ? 4 : 1);
    std::vector<double> real, bare, ratios;
    // The first turn of each is to warm up.
    for (int pair = 0; pair <= absl::GetFlag(FLAGS_pairs); ++pair) {
      const double one = EnqueueRate(ours, in_flight, calls);
      const double other = EnqueueRate(theirs, in_flight, calls);
      if (pair == 0) continue;
      real.push_back(one);
      bare.push_back(other);
      ratios.push_back(one / other);
    }
    // The ratio of medians would mix pairs.
    const double rate = Median(real);
    Print({"enqueue", absl::StrCat(in_flight, " in flight, against an echo"), rate, rate / Median(ratios), "calls/s",
           in_flight == 256 ? 0.7 : 0, true});
  }
}

// Jobs per second.
double BareSqliteRate(int jobs_of_batch, int batches) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / absl::StrCat("enqueue_bench.", getpid());
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto must = [](const absl::Status& status) {
    if (!status.ok()) Die(status.ToString());
  };
  const double jobs = static_cast<double>(jobs_of_batch) * batches;
  double seconds = 0;
  {
    auto database = sqlite::Database::Open(folder / "bare.db", sqlite::Database::Mode::kReadWrite);
    must(database.status());
    must(database->Execute(
        "CREATE TABLE jobs (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, record BLOB NOT NULL) STRICT;"
        "CREATE TABLE events (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, body BLOB NOT NULL) STRICT"));
    auto job = database->Prepare("INSERT INTO jobs VALUES (?, ?, ?)");
    auto event = database->Prepare("INSERT INTO events VALUES (?, ?, ?)");
    must(job.status());
    must(event.status());
    // As long as what the store has of a TypicalRequest (length(record) and length(body), by sqlite3).
    const std::string record(128, 'r'), body(177, 'e');
    const auto begin = Clock::now();
    for (int64_t seq = 1; batches > 0; --batches) {
      auto transaction = sqlite::Transaction::Begin(*database, sqlite::Transaction::Kind::kWrite);
      must(transaction.status());
      for (int i = 0; i < jobs_of_batch; ++i, ++seq) {
        must(job->Bind(1, seq)
                 .BindText(2, absl::StrCat("resize-video-123-01M8JTRG39EMDR", seq + 100000000000))
                 .BindBlob(3, record)
                 .Run());
        must(event->Bind(1, seq).Bind(2, seq).BindBlob(3, body).Run());
      }
      must(transaction->Commit());
    }
    seconds = SecondsSince(begin);
  }
  std::filesystem::remove_all(folder);
  return jobs / seconds;
}

void Batches(Server& server) {
  constexpr int kJobs = 1000, kBatches = 100;
  std::vector<double> rates, ratios;
  for (int run = 0; run <= absl::GetFlag(FLAGS_pairs); ++run) {
    struct BatchCall {
      grpc::ClientContext context;
      v1::EnqueueBatchRequest request;
      v1::EnqueueBatchResponse response;
    };
    // Made beforehand: it is the server that is measured.
    std::vector<BatchCall> calls(kBatches);
    for (int i = 0; i < kBatches; ++i) {
      for (int job = 0; job < kJobs; ++job) *calls[i].request.add_requests() = TypicalRequest(i * kJobs + job);
    }
    const double rate = CallRate(4, kBatches, [&](int64_t i, std::function<void()> done) {
      BatchCall& call = calls[i];
      server.jobs(static_cast<size_t>(i))
          .async()
          ->EnqueueBatch(&call.context, &call.request, &call.response, [done = std::move(done)](grpc::Status status) {
            if (!status.ok()) Die(status.error_message());
            done();
          });
    });
    const double bare = BareSqliteRate(kJobs, kBatches);
    if (run == 0) continue;
    rates.push_back(rate * kJobs);
    ratios.push_back(rate * kJobs / bare);
  }
  const double rate = Median(rates);
  Print({"enqueue", "batches of 1000, 4 in flight, against SQLite", rate, rate / Median(ratios), "jobs/s", 150000,
         false});
}

}  // namespace
}  // namespace spool::bench

int main(int argc, char** argv) {
  spool::bench::Begin(argc, argv);
  spool::bench::Server server;
  server.Pause();
  spool::bench::Batches(server);
  spool::bench::UnaryAgainstEcho(server);
}

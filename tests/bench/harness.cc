#include "tests/bench/harness.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fstream>
#include <iostream>
#include <mutex>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cpp/channel.h"
#include "server/base/status_macros.h"
#include "server/sqlite/database.h"
#include "tests/support/process_facts.h"

ABSL_FLAG(bool, json, false, "one JSON object a line");

namespace spool::bench {
namespace {

constexpr int kConnections = 4;
constexpr int kBatch = 1000;

}  // namespace

void Begin(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  setenv("TEST_SRCDIR", "..", 0);
  setenv("TEST_WORKSPACE", "spool", 0);
}

void Die(const std::string& why) {
  std::cerr << "bench: " << why << "\n";
  _exit(1);
}

double SecondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double Percentile(std::vector<double> values, double percent) {
  std::sort(values.begin(), values.end());
  const auto index = static_cast<size_t>(static_cast<double>(values.size()) * percent / 100);
  return values[std::min(index, values.size() - 1)];
}

double Median(std::vector<double> values) { return Percentile(std::move(values), 50); }

void Print(const Figure& figure) {
  const double ratio = figure.baseline > 0 ? figure.ours / figure.baseline : 0;
  const double judged = figure.goal_is_ratio ? ratio : figure.ours;
  const bool reached = figure.goal == 0 || judged >= figure.goal;
  if (absl::GetFlag(FLAGS_json)) {
    std::cout << absl::StrFormat(
        "{\"bench\":\"%s\",\"what\":\"%s\",\"ours\":%.6g,\"baseline\":%.6g,\"unit\":\"%s\",\"ratio\":%.4g,\"goal\":%."
        "6g,"
        "\"reached\":%s}\n",
        figure.name, figure.what, figure.ours, figure.baseline, figure.unit, ratio, figure.goal,
        reached ? "true" : "false");
  } else {
    std::cout << absl::StrFormat("%-10s %-46s %12.4g %s", figure.name, figure.what, figure.ours, figure.unit);
    if (figure.baseline > 0) std::cout << absl::StrFormat("  against %.4g: %.2fx", figure.baseline, ratio);
    if (figure.goal > 0) std::cout << absl::StrFormat("  goal %.4g: %s", figure.goal, reached ? "reached" : "MISSED");
    std::cout << "\n";
  }
  std::cout << std::flush;
}

Server::Server(const std::vector<std::string>& flags) : flags_(flags) {
  std::ofstream(process_.media_root() + "/a.png") << "never read";
  Restart();
}

double Server::Restart() {
  process_.Kill();
  const auto begin = Clock::now();
  if (const absl::Status started = process_.Start(flags_); !started.ok()) Die(started.ToString());
  const double took = SecondsSince(begin);
  Connect();
  return took;
}

void Server::Connect() {
  channels_.clear();
  jobs_.clear();
  for (int i = 0; i < kConnections; ++i) {
    channels_.push_back(client::MakeChannel(process_.address()));
    jobs_.push_back(v1::JobService::NewStub(channels_.back()));
  }
}

void Server::Pause() {
  grpc::ClientContext context;
  v1::PauseQueueResponse response;
  const auto status = v1::QueueService::NewStub(channels_[0])->PauseQueue(&context, v1::PauseQueueRequest(), &response);
  if (!status.ok()) Die(status.error_message());
}

void Server::Fill(int64_t jobs) {
  for (int64_t done = 0; done < jobs;) {
    v1::EnqueueBatchRequest batch;
    for (int i = 0; i < kBatch && done < jobs; ++i) *batch.add_requests() = TypicalRequest(done++);
    grpc::ClientContext context;
    v1::EnqueueBatchResponse response;
    const grpc::Status status = jobs_[0]->EnqueueBatch(&context, batch, &response);
    if (!status.ok()) Die(status.error_message());
  }
}

void Server::LengthenLog(int64_t head) {
  const int64_t begin = this->head();
  process_.Kill();
  const absl::Status lengthened = [&]() -> absl::Status {
    SPOOL_ASSIGN_OR_RETURN(sqlite::Database database, sqlite::Database::Open(process_.data_dir() + "/spool.db",
                                                                             sqlite::Database::Mode::kReadWrite));
    SPOOL_ASSIGN_OR_RETURN(sqlite::Statement copy,
                           database.Prepare("INSERT INTO events SELECT seq + ?, at, body FROM events WHERE seq <= ?"));
    SPOOL_ASSIGN_OR_RETURN(sqlite::Statement note,
                           database.Prepare("UPDATE ledger SET head = ?, event_bytes = event_bytes +"
                                            " (SELECT sum(length(body)) FROM events WHERE seq > ?)"));
    for (int64_t there = begin; there < head;) {
      const int64_t more = std::min(begin, head - there);
      SPOOL_ASSIGN_OR_RETURN(auto transaction, sqlite::Transaction::Begin(database, sqlite::Transaction::Kind::kWrite));
      SPOOL_RETURN_IF_ERROR(copy.Bind(1, there).Bind(2, more).Run());
      SPOOL_RETURN_IF_ERROR(note.Bind(1, there + more).Bind(2, there).Run());
      SPOOL_RETURN_IF_ERROR(transaction.Commit());
      there += more;
    }
    return absl::OkStatus();
  }();
  if (!lengthened.ok()) Die(lengthened.ToString());
  Restart();
  if (this->head() != head) Die(absl::StrCat("the log ends at ", this->head(), " and not at ", head));
}

v1::GetQueueStatsResponse Server::Stats() {
  grpc::ClientContext context;
  v1::GetQueueStatsResponse response;
  const auto status =
      v1::QueueService::NewStub(channels_[0])->GetQueueStats(&context, v1::GetQueueStatsRequest(), &response);
  if (!status.ok()) Die(status.error_message());
  return response;
}

int64_t Server::head() { return Stats().head_sequence(); }

int64_t Server::queued() { return Stats().jobs().queued(); }

int64_t Server::resident_bytes() const {
  const auto facts = testing::FactsOf(process_.pid());
  if (!facts.ok()) Die(facts.status().ToString());
  return facts->resident_bytes;
}

Echo::Echo() {
  auto started = testing::StartProgram({testing::Runfile("tests/bench/echo_server")});
  if (!started.ok()) Die(started.status().ToString());
  program_ = *std::move(started);
  std::string port;
  for (char c; read(program_.out.get(), &c, 1) == 1 && c != '\n';) port += c;
  for (int i = 0; i < kConnections; ++i) {
    channels_.push_back(client::MakeChannel(absl::StrCat("127.0.0.1:", port)));
    jobs_.push_back(v1::JobService::NewStub(channels_.back()));
  }
}

Echo::~Echo() {
  kill(program_.pid, SIGKILL);
  testing::WaitForEnd(program_.pid, absl::Seconds(10)).status().IgnoreError();
}

v1::EnqueueRequest TypicalRequest(int64_t i) {
  v1::EnqueueRequest request;
  request.set_video_id(absl::StrCat("video-", i % 1000));
  request.set_input("a.png");
  request.mutable_resize()->set_width(640);
  request.mutable_resize()->set_height(360);
  (*request.mutable_labels())["tenant"] = absl::StrCat("tenant-", i % 10);
  return request;
}

double CallRate(int in_flight, int64_t calls, const std::function<void(int64_t i, std::function<void()> done)>& start) {
  std::mutex mu;
  std::condition_variable all_done;
  std::atomic<int64_t> started{0};
  int64_t done = 0;
  std::function<void()> next = [&] {
    const int64_t i = started++;
    if (i >= calls) return;
    start(i, [&] {
      next();
      const std::lock_guard<std::mutex> lock(mu);
      if (++done == calls) all_done.notify_one();
    });
  };
  const auto begin = Clock::now();
  for (int i = 0; i < in_flight; ++i) next();
  std::unique_lock<std::mutex> lock(mu);
  all_done.wait(lock, [&] { return done == calls; });
  return static_cast<double>(calls) / SecondsSince(begin);
}

}  // namespace spool::bench

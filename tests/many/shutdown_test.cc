// SIGTERM: whatever clients and jobs are at, spoold ends by itself, soon and with exit code 0; readers are told where
// to go on, what was answered is kept, and nothing half-made is left.
//
// Thirteen situations, any three of them in all eight combinations, and the others with them by chance. A run with
// --test_output=all prints how long each end took.

#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bitset>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "tests/many/crowd.h"
#include "tests/many/raw_http2.h"
#include "tests/support/program.h"
#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

using ::testing::IsEmpty;

enum Situation {
  kIdleWatchers,
  kStalledWatcher,      // of whom the server may send no more
  kDeafWatchers,        // who let everything be sent and do not read it
  kWatchersCatchingUp,  // in the midst of a long log
  kSnapshotsUnderWay,   // of very many jobs
  kHalfAnUpload,
  kHalfADownload,
  kBacklog,
  kRunningJob,  // that does not end
  kHangingProbe,
  kCallsInFlight,
  kSilentConnections,  // of gRPC and of HTTP, at every stage of saying something
  kSecondSignal,
  kSituations,
};
constexpr std::array<const char*, kSituations> kNames = {
    "idle watchers",   "a stalled watcher",  "deaf watchers",   "watchers catching up", "snapshots under way",
    "half an upload",  "half a download",    "a backlog",       "a running job",        "a hanging probe",
    "calls in flight", "silent connections", "a second signal",
};
using Row = std::bitset<kSituations>;

std::string NameOf(const Row& row) {
  std::string names;
  for (size_t i = 0; i < kSituations; ++i) {
    if (row[i]) absl::StrAppend(&names, names.empty() ? "" : ", ", kNames[i]);
  }
  return names.empty() ? "nobody" : names;
}

// Nothing, each alone, everything, and then so many more that any three situations are met in all eight combinations:
// each time that one of a number of random rows that adds the most. The same rows in every run.
std::vector<Row> Rows() {
  using Triple = std::tuple<size_t, size_t, size_t, unsigned>;
  const auto triples = [](const Row& row) {
    std::set<Triple> met;
    for (size_t a = 0; a < kSituations; ++a) {
      for (size_t b = a + 1; b < kSituations; ++b) {
        for (size_t c = b + 1; c < kSituations; ++c) met.emplace(a, b, c, row[a] * 4 + row[b] * 2 + row[c]);
      }
    }
    return met;
  };
  constexpr size_t kTriples = kSituations * (kSituations - 1) * (kSituations - 2) / 6 * 8;
  std::vector<Row> rows = {Row(), ~Row()};
  for (size_t i = 0; i < kSituations; ++i) rows.push_back(Row().set(i));
  std::set<Triple> met;
  for (const Row& row : rows) met.merge(triples(row));
  std::mt19937 random(1);
  while (met.size() < kTriples) {
    Row best;
    size_t most = 0;
    for (int i = 0; i < 200; ++i) {
      const Row row(random());
      size_t added = 0;
      for (const Triple& triple : triples(row)) added += !met.contains(triple);
      if (added > most) {
        most = added;
        best = row;
      }
    }
    met.merge(triples(best));
    if (most > 0) rows.push_back(best);
  }
  return rows;
}

constexpr char kWatch[] = "/spool.v1.JobService/WatchEvents";
// From the signal to the end: a second for the drain, two each for streams and for calls to end, a half until what is
// left is cut; and the patience that a machine needs that is busy with other tests. gRPC's own time limits, which come
// to the rescue of whoever forgets to end something, are longer.
constexpr absl::Duration kBound = absl::Seconds(12);
constexpr int kBatch = 10000;
// Enough that a crowd is not through within seconds.
constexpr int kLongLog = 6 * kBatch;
constexpr int kCrowd = 4;
// What these are to be sent is more than sockets hold.
constexpr uint32_t kDeafStreams = 40;
constexpr int kBacklogSize = 2000;
constexpr absl::Duration kPatience = absl::Minutes(2);

class ShutdownTest : public SpooldTest, public ::testing::WithParamInterface<Row> {
 protected:
  static bool Is(Situation situation) { return GetParam()[situation]; }

  void SetUp() override {
    worker_ = server().folder() + "/worker";
    // Orders may name faults.
    std::ofstream(worker_) << "#!/bin/sh\nexec " << Runfile("server/worker/spool-worker") << " --test_faults\n";
    std::filesystem::permissions(worker_, std::filesystem::perms::owner_all);
    AddStill("a.png");
    if (Is(kRunningJob)) AddSlowVideo();
    if (Is(kHangingProbe)) {
      std::filesystem::copy_file(server().media_root() + "/a.png", server().media_root() + "/a.testhang");
    }
    Start();
  }
  // The test judges by the log itself; to ask for each of so many jobs would take minutes.
  void TearDown() override {
    server().Kill();
    for (std::thread& caller : callers_) caller.join();
  }

  void Start() { StartServer({"--slots=1", "--short_slots=1", "--drain_timeout=1s", "--worker=" + worker_}); }

  // What is to be downloaded, and a job that runs on. After it the queue is paused: nothing moves but what is told to.
  void MakeJobs() {
    v1::WatchEventsRequest watching = FromEarliest();
    watching.set_include_progress(true);
    const auto watch = OpenWatch(watching);
    if (Is(kHalfADownload)) {
      finished_ = Enqueue(Resize("a.png", 300, 200));
      ASSERT_OK(watch->Until(v1::EVENT_TYPE_COMPLETED, finished_));
    }
    if (Is(kRunningJob)) {
      running_ = Enqueue(ShortJob());
      ASSERT_NE(FreezeWorker(*watch, running_), 0);
    }
    ASSERT_OK(client().PauseQueue());
    if (Is(kBacklog)) MakeQueued(kBacklogSize, kBacklogSize);
    if (Is(kWatchersCatchingUp) || Is(kSnapshotsUnderWay)) MakeQueued(kLongLog, kBatch);
  }
  void MakeQueued(int jobs, int at_once) {
    v1::EnqueueBatchRequest batch;
    for (int i = 0; i < at_once; ++i) *batch.add_requests() = Resize("a.png", 8, 8);
    for (; jobs > 0; jobs -= at_once, queued_ += at_once) ASSERT_OK(client().EnqueueBatch(batch));
  }

  int64_t Head() {
    const auto stats = client().GetQueueStats();
    EXPECT_OK(stats);
    return stats.ok() ? stats->head_sequence() : 0;
  }

  // A call whose answer or rest the client never takes.
  void StartStalled(absl::string_view path, const google::protobuf::MessageLite& request) {
    constexpr uint32_t kWindow = 1000;
    RawConnection connection = Open(server().address());
    ASSERT_OK(connection.Greet(kWindow));
    ASSERT_OK(connection.Send(Call(1, path, request)));
    ASSERT_OK(connection.UntilReceived(kWindow));
    connections_.push_back(std::move(connection));
  }
  void StartDeaf() {
    constexpr uint32_t kUnlimited = 0x7fffffff;
    RawConnection connection = Open(server().address());
    ASSERT_OK(connection.Greet(kUnlimited));
    std::string calls = Encode({FrameType::kWindowUpdate, 0, 0, Number(kUnlimited - 65535)});
    for (uint32_t i = 0; i < kDeafStreams; ++i) calls += Call(2 * i + 1, kWatch, FromEarliest());
    ASSERT_OK(connection.Send(calls, RawConnection::Reading::kNo));
    // The first one is open; the rest of what comes stays unread.
    ASSERT_OK(connection.Until(FrameType::kData));
    connections_.push_back(std::move(connection));
  }
  static RawConnection Open(const std::string& address) {
    auto connection = RawConnection::Open(address);
    EXPECT_OK(connection);
    return *std::move(connection);
  }
  void StartSaying(const std::string& address, absl::string_view words) {
    connections_.push_back(Open(address));
    ASSERT_OK(connections_.back().Send(words, RawConnection::Reading::kNo));
  }

  void StartUpload() {
    upload_ = media()->UploadMedia(&upload_context_, &uploaded_);
    v1::UploadMediaRequest part;
    part.mutable_header()->set_file_name("half.png");
    ASSERT_TRUE(upload_->Write(part));
    part.set_chunk("half of");
    ASSERT_TRUE(upload_->Write(part));
    // It is there once its file is.
    ASSERT_OK(Until("an upload's file", [this] { return UploadedFiles() > 0; }));
  }
  int UploadedFiles() {
    int files = 0;
    std::error_code gone;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(server().data_dir() + "/uploads", gone)) {
      files += entry.is_regular_file(gone);
    }
    return files;
  }

  void StartProbe() {
    const size_t before = server().Workers().size();
    callers_.emplace_back([this] {
      v1::ProbeMediaRequest request;
      v1::ProbeMediaResponse response;
      request.set_input("a.testhang");
      grpc::ClientContext context;
      const absl::Status status = client::FromGrpc(media()->ProbeMedia(&context, request, &response));
      absl::MutexLock lock(&mu_);
      probed_ = status;
    });
    ASSERT_OK(Until("a probe's worker", [&] { return server().Workers().size() > before; }));
  }

  // Callers that make jobs, one after the other, until they are refused; and one that waits for events.
  void StartCalls() {
    for (int i = 0; i < 8; ++i) {
      callers_.emplace_back([this] {
        const auto stub = v1::JobService::NewStub(channel());
        for (;;) {
          grpc::ClientContext context;
          v1::EnqueueResponse response;
          const absl::Status status = client::FromGrpc(stub->Enqueue(&context, Resize("a.png", 8, 8), &response));
          absl::MutexLock lock(&mu_);
          if (status.ok()) {
            answered_.push_back(response.job().id());
          } else {
            refusals_.push_back(status);
            return;
          }
        }
      });
    }
    callers_.emplace_back([this] {
      v1::ListEventsRequest request;
      v1::ListEventsResponse response;
      // Of no event that will come.
      request.mutable_filter()->add_job_ids("nobody");
      request.mutable_wait()->set_seconds(20);
      request.set_start_at(v1::START_AT_LATEST);
      grpc::ClientContext context;
      const auto stub = v1::JobService::NewStub(channel());
      const absl::Status status = client::FromGrpc(stub->ListEvents(&context, request, &response));
      absl::MutexLock lock(&mu_);
      page_ = status;
    });
    ASSERT_OK(Until("answered calls", [this] {
      absl::MutexLock lock(&mu_);
      return answered_.size() >= 100;
    }));
  }

  // Asks again and again.
  absl::Status Until(absl::string_view what, const std::function<bool()>& is_so) {
    const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoSeconds(kPatience);
    while (!is_so()) {
      if (std::chrono::steady_clock::now() > deadline) {
        return absl::DeadlineExceededError(absl::StrCat("waited in vain for ", what));
      }
      std::this_thread::yield();
    }
    return absl::OkStatus();
  }

  void StartClients() {
    if (Is(kIdleWatchers)) {
      for (int i = 0; i < 5; ++i) {
        idle_.push_back(OpenWatch({}));
        ASSERT_OK(idle_.back()->UntilOpened());
      }
    }
    // There must be something to be stalled in.
    if ((Is(kStalledWatcher) || Is(kDeafWatchers)) && Head() < kBacklogSize) {
      ASSERT_NO_FATAL_FAILURE(MakeQueued(kBacklogSize, kBacklogSize));
    }
    if (Is(kStalledWatcher)) {
      ASSERT_NO_FATAL_FAILURE(StartStalled(kWatch, FromEarliest()));
    }
    if (Is(kDeafWatchers)) {
      ASSERT_NO_FATAL_FAILURE(StartDeaf());
    }
    if (Is(kHalfAnUpload)) {
      ASSERT_NO_FATAL_FAILURE(StartUpload());
    }
    if (Is(kHalfADownload)) {
      v1::DownloadMediaRequest request;
      request.set_job_id(finished_);
      ASSERT_NO_FATAL_FAILURE(StartStalled("/spool.v1.MediaService/DownloadMedia", request));
    }
    if (Is(kHangingProbe)) {
      ASSERT_NO_FATAL_FAILURE(StartProbe());
    }
    if (Is(kSilentConnections)) {
      const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Encode({FrameType::kSettings, 0, 0, ""});
      const std::string half_a_call =
          Encode({FrameType::kHeaders, kEndHeaders, 1, CallHeaders("/spool.v1.JobService/Enqueue")}) +
          Encode({FrameType::kData, 0, 1, "\0"});
      for (const std::string& words :
           {std::string(), std::string("PRI * HTTP/2.0\r\n\r\nS"), preface, preface + half_a_call}) {
        ASSERT_NO_FATAL_FAILURE(StartSaying(server().address(), words));
      }
      for (const char* words :
           {"", "GET /healthz HTTP/1.1\r\nHost: local", "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"}) {
        ASSERT_NO_FATAL_FAILURE(StartSaying(server().http_address(), words));
      }
    }
    if (Is(kCallsInFlight)) {
      ASSERT_NO_FATAL_FAILURE(StartCalls());
    }
    if (Is(kWatchersCatchingUp)) {
      crowd_ = std::make_unique<Crowd>(server().address(), kCrowd, 2, FromEarliest());
      ASSERT_OK(crowd_->UntilOpened(kPatience));
    }
    if (Is(kSnapshotsUnderWay)) {
      v1::WatchEventsRequest snapshot;
      snapshot.set_start_at(v1::START_AT_SNAPSHOT);
      snapshots_ = std::make_unique<Crowd>(server().address(), kCrowd, 2, snapshot);
      ASSERT_OK(snapshots_->UntilOpened(kPatience));
    }
  }

  // The signal, and the end.
  void Stop() {
    const absl::StatusOr<pid_t> zygote = server().Zygote();
    ASSERT_OK(zygote);
    std::vector<pid_t> children = server().Workers();
    children.push_back(*zygote);
    if (Is(kWatchersCatchingUp)) {
      ASSERT_LT(crowd_->events(), int64_t{kCrowd} * kLongLog) << "all is read already";
    }
    const auto began = std::chrono::steady_clock::now();
    server().Terminate();
    if (Is(kSecondSignal)) server().Terminate();
    const auto exit = server().WaitForExit(kBound);
    ASSERT_OK(exit) << "after SIGTERM, with " << NameOf(GetParam());
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    absl::PrintF("%4.1f s to the end with %s\n", seconds, NameOf(GetParam()));
    fflush(stdout);
    EXPECT_EQ(exit->code, 0) << exit->error;
    EXPECT_EQ(exit->signal, 0);
    for (const pid_t child : children) EXPECT_NE(kill(child, 0), 0) << "process " << child << " lives on";
  }

  // What each client was told.
  void JudgeClients() {
    for (const auto& watch : idle_) {
      EXPECT_THAT(watch->UntilEnd(), Refused(absl::StatusCode::kUnavailable, "SERVER_DRAINING"));
      EXPECT_TRUE(watch->draining_seen());
    }
    for (Crowd* crowd : {crowd_.get(), snapshots_.get()}) {
      if (crowd == nullptr) continue;
      ASSERT_OK(crowd->UntilEnded(kPatience));
      EXPECT_THAT(crowd->Endings(), ::testing::ElementsAre(::testing::Pair("SERVER_DRAINING", kCrowd)));
    }
    if (Is(kHalfAnUpload)) {
      EXPECT_THAT(client::FromGrpc(upload_->Finish()).code(), IsAnEnd());
    }
    for (std::thread& caller : callers_) caller.join();
    callers_.clear();
    absl::MutexLock lock(&mu_);
    for (const absl::Status& refusal : refusals_) EXPECT_THAT(refusal.code(), IsAnEnd()) << refusal;
    // It is answered, with nothing in it.
    if (Is(kCallsInFlight)) {
      EXPECT_OK(page_);
    }
    if (Is(kHangingProbe)) {
      EXPECT_THAT(probed_.code(), IsAnEnd()) << probed_;
    }
  }
  // What a call gets that cannot be brought to its end.
  static ::testing::Matcher<absl::StatusCode> IsAnEnd() {
    return ::testing::AnyOf(absl::StatusCode::kUnavailable, absl::StatusCode::kCancelled);
  }

  // What the next server finds.
  void JudgeStore() {
    EXPECT_EQ(UploadedFiles(), 0);
    EXPECT_EQ(server().OutputFiles().size(), finished_.empty() ? 0 : 1);
    Start();
    EventLog log;
    ASSERT_OK(log.ReadOn(jobs()));
    for (const auto& watch : idle_) {
      EXPECT_OK(log.Judge(watch->feed()));
      // A writer that was let in may be told after the readers are gone; nothing else may.
      if (!Is(kCallsInFlight)) {
        EXPECT_EQ(watch->feed().through(), log.last());
      }
    }
    absl::MutexLock lock(&mu_);
    for (const std::string& id : answered_) EXPECT_TRUE(log.fold().jobs().contains(id)) << id << " was answered";
    if (Is(kRunningJob)) {
      const v1::Job job = GetJob(running_);
      EXPECT_EQ(job.state(), v1::JOB_STATE_QUEUED);
      EXPECT_EQ(job.attempt(), 0);
    }
    const auto stats = client().GetQueueStats();
    ASSERT_OK(stats);
    EXPECT_GE(stats->jobs().queued(), queued_ + static_cast<int>(answered_.size()) + Is(kRunningJob));
    if (!Is(kCallsInFlight)) {
      EXPECT_EQ(stats->jobs().queued(), queued_ + Is(kRunningJob));
    }
  }

 private:
  std::string worker_;
  std::string finished_;
  std::string running_;
  int queued_ = 0;
  std::vector<std::unique_ptr<Watch>> idle_;
  std::unique_ptr<Crowd> crowd_;
  std::unique_ptr<Crowd> snapshots_;
  std::vector<RawConnection> connections_;
  grpc::ClientContext upload_context_;
  v1::UploadMediaResponse uploaded_;
  std::unique_ptr<grpc::ClientWriterInterface<v1::UploadMediaRequest>> upload_;
  std::vector<std::thread> callers_;
  absl::Mutex mu_;
  std::vector<std::string> answered_ ABSL_GUARDED_BY(mu_);
  std::vector<absl::Status> refusals_ ABSL_GUARDED_BY(mu_);
  absl::Status page_ ABSL_GUARDED_BY(mu_);
  absl::Status probed_ ABSL_GUARDED_BY(mu_);
};

TEST_P(ShutdownTest, TheServerEndsByItself) {
  ASSERT_NO_FATAL_FAILURE(MakeJobs());
  ASSERT_NO_FATAL_FAILURE(StartClients());
  ASSERT_NO_FATAL_FAILURE(Stop());
  ASSERT_NO_FATAL_FAILURE(JudgeClients());
  ASSERT_NO_FATAL_FAILURE(JudgeStore());
}

INSTANTIATE_TEST_SUITE_P(Rows, ShutdownTest, ::testing::ValuesIn(Rows()));

}  // namespace
}  // namespace spool::testing

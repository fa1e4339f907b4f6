#include "server/executor/executor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "server/base/errors.h"
#include "server/base/log.h"
#include "server/base/mutex.h"
#include "server/base/status_macros.h"
#include "server/executor/look.h"
#include "server/job/failure.h"
#include "server/store/await.h"

namespace spool::executor {
namespace {

using store::Await;
using store::Done;

constexpr int kMaxLooks = 4;
constexpr absl::Duration kStoreRetryDelay = absl::Seconds(1);
// Commits wake everybody who waits; this is only for a store that failed to answer.
constexpr absl::Duration kLongestWait = absl::Seconds(30);
// Events do not tell of limits on the time in the queue, so these are looked for. A look that finds nothing writes
// nothing.
constexpr absl::Duration kAdvanceInterval = absl::Seconds(1);
// Looking for uploads that are still needed reads all jobs.
constexpr absl::Duration kUploadSweepInterval = absl::Hours(1);

}  // namespace

Executor::Executor(store::JobStore* store, feed::ProgressBoard* progress, files::MediaFiles* files, WorkerPool* workers,
                   ExecutorOptions options)
    : store_(store), progress_(progress), files_(files), workers_(workers), options_(std::move(options)) {
  store_->AddListener(this);
}

Executor::~Executor() { Stop(absl::ZeroDuration()); }

void Executor::Start() {
  for (int i = 0; i < options_.slots; ++i) {
    threads_.emplace_back([this] { RunSlot(store::JobStore::Lanes::kAny); });
  }
  for (int i = 0; i < options_.short_slots; ++i) {
    threads_.emplace_back([this] { RunSlot(store::JobStore::Lanes::kShortOnly); });
  }
  threads_.emplace_back([this] { RunSweeper(); });
}

void Executor::Stop(absl::Duration drain_timeout) {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    const auto idle = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return running_.empty() || drained_; };
    mu_.AwaitWithTimeout(Condition(&idle), drain_timeout);
    drained_ = true;
    for (auto& [id, stop] : running_) stop->Raise(StopReason::kShutdown);
    for (StopSignal* look : looks_) look->Raise(StopReason::kShutdown);
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Executor::HandBackNow() {
  MutexLock lock(&mu_);
  drained_ = true;
}

void Executor::OnCommit(absl::Span<const store::CommittedEvent> events) {
  MutexLock lock(&mu_);
  for (const store::CommittedEvent& committed : events) {
    switch (committed.event.type()) {
      case v1::EVENT_TYPE_QUEUED:
        ++work_generation_;
        break;
      case v1::EVENT_TYPE_SCHEDULED:
      case v1::EVENT_TYPE_RETRYING:
        ++schedule_generation_;
        break;
      case v1::EVENT_TYPE_CANCEL_REQUESTED:
        if (const auto running = running_.find(committed.event.job_id()); running != running_.end()) {
          running->second->Raise(StopReason::kCancel);
        }
        break;
      default:
        break;
    }
  }
}

void Executor::OnResumed() {
  MutexLock lock(&mu_);
  ++work_generation_;
}

void Executor::RunSlot(store::JobStore::Lanes lanes) {
  for (;;) {
    int64_t generation;
    {
      MutexLock lock(&mu_);
      if (stopping_) return;
      generation = work_generation_;
    }
    absl::StatusOr<std::optional<store::TakenJob>> taken =
        Await<std::optional<store::TakenJob>>([&](auto done) { store_->Take(lanes, std::move(done)); });
    if (taken.ok() && taken->has_value()) {
      RunOne(**taken);
      continue;
    }
    if (!taken.ok()) LogWarning("no job can be taken", {{"error", taken.status().message()}});
    MutexLock lock(&mu_);
    const auto wanted = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_ || work_generation_ != generation; };
    mu_.AwaitWithTimeout(Condition(&wanted), taken.ok() ? kLongestWait : kStoreRetryDelay);
  }
}

int Executor::ThreadsForNext() {
  MutexLock lock(&mu_);
  // As many jobs as cores: one thread for each. Fewer: the idle cores help.
  const int cores = std::max(1u, std::thread::hardware_concurrency());
  return std::max(1, cores / std::max<int>(1, static_cast<int>(running_.size())));
}

void Executor::RunOne(const store::TakenJob& taken) {
  absl::StatusOr<StopSignal> made = StopSignal::Make();
  if (!made.ok()) {
    Report(taken, job::MakeError(job::kInternal, made.status().message()));
    return;
  }
  auto stop = std::make_shared<StopSignal>(*std::move(made));
  {
    MutexLock lock(&mu_);
    running_[taken.job.id()] = stop;
    if (drained_) stop->Raise(StopReason::kShutdown);
  }
  // A cancel that was committed between Take and the line above found no running attempt.
  if (const auto stored = store_->GetJob(taken.job.id()); stored.ok() && stored->job.has_cancel_requested_at()) {
    stop->Raise(StopReason::kCancel);
  }
  progress_->Open(taken.job);
  const Outcome outcome =
      RunAttempt(taken.job, ThreadsForNext(), options_.limits, *workers_, *files_, quarantine_, *stop,
                 [&](const v1::JobProgress& progress) { progress_->Post(taken.job.id(), progress); });
  progress_->Close(taken.job.id());
  Report(taken, outcome);
  MutexLock lock(&mu_);
  running_.erase(taken.job.id());
}

void Executor::Report(const store::TakenJob& taken, const Outcome& outcome) {
  for (;;) {
    const absl::StatusOr<v1::Job> told = Await<v1::Job>([&](Done<v1::Job> done) {
      if (const auto* result = std::get_if<v1::JobResult>(&outcome)) {
        store_->Complete(taken.lease, *result, std::move(done));
      } else if (const auto* error = std::get_if<v1::JobError>(&outcome)) {
        store_->Fail(taken.lease, *error, std::move(done));
      } else if (std::get<Stopped>(outcome).reason == StopReason::kCancel) {
        store_->FinishCancel(taken.lease, std::move(done));
      } else {
        store_->HandBack(taken.lease, std::move(done));
      }
    });
    if (told.ok()) return;
    // Another attempt owns the job now, or it is gone: this result is nobody's.
    if (absl::IsAborted(told.status())) return;
    LogError("an attempt's end cannot be recorded", {{"job", taken.job.id()}, {"error", told.status().message()}});
    MutexLock lock(&mu_);
    // The next start hands the job back.
    if (mu_.AwaitWithTimeout(Condition(&stopping_), kStoreRetryDelay)) return;
  }
}

void Executor::RunSweeper() {
  absl::Time next_retention = absl::Now();
  absl::Time next_upload_sweep = absl::Now() + kUploadSweepInterval;
  for (;;) {
    int64_t generation;
    {
      MutexLock lock(&mu_);
      if (stopping_) return;
      generation = schedule_generation_;
    }
    const absl::StatusOr<absl::Time> due =
        Await<absl::Time>([&](Done<absl::Time> done) { store_->Advance(std::move(done)); });
    if (absl::Now() >= next_retention) {
      KeepRetention();
      next_retention = absl::Now() + options_.sweep_interval;
    }
    if (absl::Now() >= next_upload_sweep) {
      RemoveOldUploads();
      next_upload_sweep = absl::Now() + kUploadSweepInterval;
    }
    const absl::Time until = std::min(next_retention, due.ok() ? *due : absl::Now() + kStoreRetryDelay);
    MutexLock lock(&mu_);
    const auto wanted = [&]()
                            ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_ || schedule_generation_ != generation; };
    mu_.AwaitWithTimeout(Condition(&wanted), std::clamp(until - absl::Now(), absl::ZeroDuration(), kAdvanceInterval));
  }
}

void Executor::KeepRetention() {
  for (bool more = true; more;) {
    const absl::StatusOr<store::Compacted> done = Await<store::Compacted>(
        [&](Done<store::Compacted> answer) { store_->Compact(options_.retention, std::move(answer)); });
    if (!done.ok()) {
      LogWarning("retention cannot be kept", {{"error", done.status().message()}});
      return;
    }
    more = done->more;
    MutexLock lock(&mu_);
    if (stopping_) return;
  }
}

void Executor::RemoveOldUploads() {
  // Those that a job may still need stay, however old.
  v1::JobFilter unfinished;
  for (const v1::JobState state : {v1::JOB_STATE_SCHEDULED, v1::JOB_STATE_QUEUED, v1::JOB_STATE_RUNNING}) {
    unfinished.add_states(state);
  }
  std::vector<std::string> in_use;
  for (int64_t before = 0;;) {
    const absl::StatusOr<store::JobPage> page = store_->ListJobs(unfinished, 1000, before);
    if (!page.ok()) return;
    for (const v1::Job& job : page->jobs) {
      if (absl::StartsWith(job.input(), "upload:")) in_use.push_back(job.input());
    }
    if (page->next == 0) break;
    before = page->next;
  }
  files_->RemoveUploadsOlderThan(options_.max_upload_age, in_use);
}

class Executor::LookTurn {
 public:
  // The errors of Probe and Plan that come before anything is looked at.
  static absl::StatusOr<std::unique_ptr<LookTurn>> Take(Executor* executor) {
    SPOOL_ASSIGN_OR_RETURN(StopSignal stop, StopSignal::Make());
    auto turn = std::unique_ptr<LookTurn>(new LookTurn(executor, std::move(stop)));
    MutexLock lock(&executor->mu_);
    if (executor->looks_.size() >= kMaxLooks) {
      return WithRetryDelay(
          Error(absl::StatusCode::kResourceExhausted, "PROBE_LIMIT", "too many files are being looked at"),
          absl::Seconds(1));
    }
    executor->looks_.insert(&turn->stop_);
    if (executor->drained_) turn->stop_.Raise(StopReason::kShutdown);
    return turn;
  }
  ~LookTurn() {
    MutexLock lock(&executor_->mu_);
    executor_->looks_.erase(&stop_);
  }
  const StopSignal& stop() const { return stop_; }

 private:
  LookTurn(Executor* executor, StopSignal stop) : executor_(executor), stop_(std::move(stop)) {}

  Executor* const executor_;
  StopSignal stop_;
};

absl::StatusOr<v1::MediaInfo> Executor::Probe(absl::string_view input) {
  SPOOL_ASSIGN_OR_RETURN(const std::unique_ptr<LookTurn> turn, LookTurn::Take(this));
  return ProbeInput(input, options_.limits, *workers_, *files_, turn->stop());
}

absl::StatusOr<v1::PlanJobResponse> Executor::Plan(const v1::Job& job) {
  SPOOL_ASSIGN_OR_RETURN(const std::unique_ptr<LookTurn> turn, LookTurn::Take(this));
  return PlanJob(job, options_.limits, *workers_, *files_, turn->stop());
}

}  // namespace spool::executor

// Takes jobs from the store and has them run.

#ifndef SPOOL_SERVER_EXECUTOR_EXECUTOR_H_
#define SPOOL_SERVER_EXECUTOR_EXECUTOR_H_

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/executor/attempt.h"
#include "server/executor/limits.h"
#include "server/executor/quarantine.h"
#include "server/executor/stop_signal.h"
#include "server/executor/worker_pool.h"
#include "server/feed/progress_board.h"
#include "server/files/media_files.h"
#include "server/store/job_store.h"
#include "spool/v1/job_service.pb.h"
#include "spool/v1/media.pb.h"

namespace spool::executor {

struct ExecutorOptions {
  // Jobs of any kind that may run at once; at least 1.
  int slots = 2;
  // More of them for what takes a moment (stills), so that it never waits behind what takes minutes.
  int short_slots = 1;
  AttemptLimits limits;
  store::Retention retention;
  absl::Duration max_upload_age = absl::Hours(24 * 7);
  // How often retention is looked after.
  absl::Duration sweep_interval = absl::Minutes(1);
};

// Each slot is a thread that takes a job, sees one attempt through, and takes the next. A sweeper thread moves jobs
// whose time has come into the queue, and keeps retention. Listens to the store: commits wake slots that wait, and
// cancels reach the attempts they mean.
class Executor : public store::CommitListener {
 public:
  // All outlive Stop(). Must be made before the store takes writes; nothing runs before Start().
  Executor(store::JobStore* store, feed::ProgressBoard* progress, files::MediaFiles* files, WorkerPool* workers,
           ExecutorOptions options);
  ~Executor() override;

  void Start();
  // Takes no more jobs, lets running ones finish until `drain_timeout`, hands the rest back, ends the threads.
  // Idempotent.
  void Stop(absl::Duration drain_timeout);

  // Ends the wait of a Stop that is under way.
  void HandBackNow();

  int slots() const { return options_.slots; }
  // As ProbeInput and PlanJob, a bounded number of both at a time. RESOURCE_EXHAUSTED (PROBE_LIMIT) beyond that. Block,
  // at the longest until the drain of a Stop is over.
  absl::StatusOr<v1::MediaInfo> Probe(absl::string_view input);
  absl::StatusOr<v1::PlanJobResponse> Plan(const v1::Job& job);

  // store::CommitListener:
  void OnCommit(absl::Span<const store::CommittedEvent> events) override;
  void OnResumed() override;

 private:
  void RunSlot(store::JobStore::Lanes lanes);
  void RunSweeper();
  // A place among those who look at files.
  class LookTurn;
  void RunOne(const store::TakenJob& taken);
  void KeepRetention();
  void RemoveOldUploads();
  // Tells the store how an attempt ended, until it has heard; gives up only when stopping.
  void Report(const store::TakenJob& taken, const Outcome& outcome);
  int ThreadsForNext();

  store::JobStore* const store_;
  feed::ProgressBoard* const progress_;
  files::MediaFiles* const files_;
  WorkerPool* const workers_;
  const ExecutorOptions options_;
  Quarantine quarantine_;

  Mutex mu_;
  // Grows when there may be something to take; a slot that found nothing waits for it to grow.
  int64_t work_generation_ ABSL_GUARDED_BY(mu_) = 0;
  // The same for what is scheduled.
  int64_t schedule_generation_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool drained_ ABSL_GUARDED_BY(mu_) = false;
  absl::flat_hash_set<StopSignal*> looks_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, std::shared_ptr<StopSignal>> running_ ABSL_GUARDED_BY(mu_);
  std::vector<std::thread> threads_;
};

}  // namespace spool::executor

#endif  // SPOOL_SERVER_EXECUTOR_EXECUTOR_H_

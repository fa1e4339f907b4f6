// The durable truth about jobs and what happened to them.

#ifndef SPOOL_SERVER_STORE_JOB_STORE_H_
#define SPOOL_SERVER_STORE_JOB_STORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/job/lifecycle.h"
#include "server/job/request.h"
#include "spool/v1/event.pb.h"
#include "spool/v1/job.pb.h"
#include "spool/v1/job_service.pb.h"
#include "spool/v1/queue_service.pb.h"

namespace spool::store {

// Called exactly once, on a thread of the store's own, after the write is durable (or has failed and left nothing).
// Must not block and must not destroy the store.
template <typename T>
using Done = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;

struct EnqueuedJob {
  v1::Job job;  // as now, with queue_position
  v1::EnqueueOutcome outcome;
};

// The right to run one attempt of one job. Every result must show it.
struct Lease {
  std::string job_id;
  int64_t token = 0;
};

struct TakenJob {
  v1::Job job;
  Lease lease;
};

// An event that is durable. `bytes` is the event as serialized for the log: the same for ever.
struct CommittedEvent {
  v1::Event event;
  std::string bytes;
};

// Told of every commit, in order, on the store's writer thread, after the commit is durable and before any caller whose
// write was in it is answered. Must be quick.
class CommitListener {
 public:
  virtual ~CommitListener() = default;
  // At least one event; contiguous sequences, following the last call's.
  virtual void OnCommit(absl::Span<const CommittedEvent> events) = 0;
  // Events before `earliest` are gone.
  virtual void OnCompacted(int64_t earliest) { (void)earliest; }
  // The queue gives out jobs again after a pause.
  virtual void OnResumed() {}
  // A transaction of `writes` callers' writes is durable; it took this long from its begin on. After OnCommit.
  virtual void OnTransaction(int writes, absl::Duration took) {
    (void)writes;
    (void)took;
  }
};

// What the log holds. `earliest` is head + 1 when it is empty.
struct LogRange {
  uint64_t log_id = 0;
  int64_t earliest = 1;
  int64_t head = 0;
};

struct StoredJob {
  v1::Job job;  // with queue_position
  int64_t head = 0;
};

struct JobPage {
  std::vector<v1::Job> jobs;
  // `before` of the next page; 0 at the end.
  int64_t next = 0;
};

struct StoredEvent {
  int64_t sequence;
  std::string bytes;
};

// What only operators ask for.
struct StoreFigures {
  v1::GetQueueStatsResponse stats;
  // The jobs of `stats`, by JobType. A type of which no job ever was may be missing; one that only a later version
  // knows may be there.
  std::map<int, v1::StateCounts> jobs_by_type;
  // Of the log that is kept.
  int64_t log_bytes = 0;
  // When the job that has been in the queue longest entered it; InfiniteFuture when none is queued.
  absl::Time oldest_queued = absl::InfiniteFuture();
};

// A view of all jobs as of one commit. Not thread-safe. Holds back the cleaning of the store's log while it lives.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  // The commit that it shows, as the log's head after it.
  virtual int64_t through() const = 0;
  // The next jobs, oldest first, at most `limit`; empty at the end.
  virtual absl::StatusOr<std::vector<v1::Job>> Next(int limit) = 0;
};

// What may go. Only finished jobs, and events, ever do.
struct Retention {
  absl::Duration max_job_age = absl::Hours(24 * 30);
  int64_t max_finished_jobs = 1000000;
  absl::Duration max_event_age = absl::Hours(24 * 30);
  int64_t max_events = 10000000;
  int64_t max_event_bytes = int64_t{4} << 30;
};

struct Compacted {
  int64_t jobs = 0;
  int64_t events = 0;
  bool more = false;  // a call does a bounded amount; call again
};

// A store of jobs and their event log. tests/contract/ holds what every implementation must do:
//
//  - A state change and its event are one atomic write; sequences are contiguous in the order of commits, and
//    revisions contiguous for each job. Nothing is visible to any reader before it would survive a loss of power.
//  - Every move follows job/transition.h. A move that ends an attempt must show its lease; a stale one is ABORTED
//    (LEASE_LOST) and changes nothing.
//  - Errors of the medium: ResourceExhausted (full), Unavailable, DataLoss (damaged); the write then left nothing.
//
// All methods are thread-safe. Writes answer through `done`; reads block on the disk.
class JobStore {
 public:
  virtual ~JobStore() = default;

  // Before any write; listeners must outlive the store.
  virtual void AddListener(CommitListener* listener) = 0;

  // --- Writes asked for by callers. NOT_FOUND (JOB_NOT_FOUND) when there is no such job.

  // All jobs in one transaction, each with its own outcome: CREATED; EXISTING when the id or request_id is known with
  // the same fingerprint; ALREADY_EXISTS (JOB_ID_TAKEN, REQUEST_ID_REUSED) when it is known with another.
  virtual void Enqueue(std::vector<job::NewJob> jobs, Done<std::vector<absl::StatusOr<EnqueuedJob>>> done) = 0;
  virtual void Cancel(std::string job_id, Done<v1::Job> done) = 0;
  virtual void Retry(std::string job_id, Done<v1::Job> done) = 0;
  virtual void Delete(std::string job_id, Done<v1::Job> done) = 0;
  // A paused queue gives out no jobs. Durable.
  virtual void SetPaused(bool paused, Done<bool> done) = 0;

  // --- Writes of the executor.

  // Which jobs a slot may take.
  enum class Lanes { kAny, kShortOnly };
  // The next job: highest priority, then longest in the queue; nullopt when there is none or the queue is paused.
  virtual void Take(Lanes lanes, Done<std::optional<TakenJob>> done) = 0;
  virtual void Complete(Lease lease, v1::JobResult result, Done<v1::Job> done) = 0;
  // RETRYING or FAILED, as job/retry_policy.h decides.
  virtual void Fail(Lease lease, v1::JobError error, Done<v1::Job> done) = 0;
  virtual void HandBack(Lease lease, Done<v1::Job> done) = 0;
  virtual void FinishCancel(Lease lease, Done<v1::Job> done) = 0;
  // Moves what is due into the queue and fails what has waited too long, a bounded number at a time. Answers when the
  // next one is due: now or before if there are more, InfiniteFuture if there is none.
  virtual void Advance(Done<absl::Time> done) = 0;
  // Removes what retention no longer keeps.
  virtual void Compact(Retention retention, Done<Compacted> done) = 0;

  // --- Reads.

  virtual absl::StatusOr<StoredJob> GetJob(absl::string_view job_id) = 0;
  // Newest first, those enqueued before `before` (0: from the newest). May return fewer than `limit` before the end.
  virtual absl::StatusOr<JobPage> ListJobs(const v1::JobFilter& filter, int limit, int64_t before) = 0;
  virtual absl::StatusOr<v1::GetQueueStatsResponse> Stats() = 0;
  virtual absl::StatusOr<StoreFigures> Figures() = 0;
  // As of the last commit that listeners are told of. The other reads may show the next one a moment sooner.
  virtual LogRange Range() = 0;
  // Events after `after`, in order, without holes, until `max_events` or about `max_bytes`. OutOfRange when `after + 1`
  // is before the earliest kept; DataLoss (LOG_CORRUPT) when one is missing.
  virtual absl::StatusOr<std::vector<StoredEvent>> ReadEvents(int64_t after, int max_events, int64_t max_bytes) = 0;
  virtual absl::StatusOr<std::unique_ptr<Snapshot>> OpenSnapshot() = 0;
};

}  // namespace spool::store

#endif  // SPOOL_SERVER_STORE_JOB_STORE_H_

// The store of a single server: one SQLite file.

#ifndef SPOOL_SERVER_STORE_SQLITE_SQLITE_JOB_STORE_H_
#define SPOOL_SERVER_STORE_SQLITE_SQLITE_JOB_STORE_H_

#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/store/job_store.h"
#include "server/store/sqlite/queue_index.h"
#include "server/store/sqlite/reader.h"
#include "server/store/sqlite/writer.h"

namespace spool::store {

struct SqliteOptions {
  // The database; made if missing. "-wal" and "-shm" files lie beside it, and "-log_id", which says which log this
  // folder's tokens are of.
  std::string path;
  const Clock* clock = Clock::Real();
  // SCHEDULED and QUEUED jobs; more are refused with QUEUE_FULL.
  int64_t max_waiting_jobs = 10000000;
  // Reads that may go on at once.
  int readers = 4;
};

// One thread writes. It commits whatever has gathered since the last commit as one transaction (group commit), tells
// the listeners, then answers the callers. Sequences are contiguous in the order of commits because nobody else writes:
// the caller must hold a lock on the folder, so that no second process opens the file.
class SqliteJobStore : public JobStore {
 public:
  // Hands back the jobs that were running when the last process ended. A database without its "-log_id" file, or with
  // that of another log, was restored from a backup: its log gets a new identity, as tokens made after the backup was
  // taken would otherwise lead to other events (LOG_IDENTITY_CHANGED). FailedPrecondition: cannot be opened, or of a
  // newer version. DataLoss: damaged.
  static absl::StatusOr<std::unique_ptr<SqliteJobStore>> Open(const SqliteOptions& options);
  // Finishes the writes that were asked for.
  ~SqliteJobStore() override;

  void AddListener(CommitListener* listener) override;
  void Enqueue(std::vector<job::NewJob> jobs, Done<std::vector<absl::StatusOr<EnqueuedJob>>> done) override;
  void Cancel(std::string job_id, Done<v1::Job> done) override;
  void Retry(std::string job_id, Done<v1::Job> done) override;
  void Delete(std::string job_id, Done<v1::Job> done) override;
  void SetPaused(bool paused, Done<bool> done) override;
  void Take(Lanes lanes, Done<std::optional<TakenJob>> done) override;
  void Complete(Lease lease, v1::JobResult result, Done<v1::Job> done) override;
  void Fail(Lease lease, v1::JobError error, Done<v1::Job> done) override;
  void HandBack(Lease lease, Done<v1::Job> done) override;
  void FinishCancel(Lease lease, Done<v1::Job> done) override;
  void Advance(Done<absl::Time> done) override;
  void Compact(Retention retention, Done<Compacted> done) override;

  absl::StatusOr<StoredJob> GetJob(absl::string_view job_id) override;
  absl::StatusOr<JobPage> ListJobs(const v1::JobFilter& filter, int limit, int64_t before) override;
  absl::StatusOr<v1::GetQueueStatsResponse> Stats() override;
  absl::StatusOr<StoreFigures> Figures() override;
  LogRange Range() override;
  absl::StatusOr<std::vector<StoredEvent>> ReadEvents(int64_t after, int max_events, int64_t max_bytes) override;
  absl::StatusOr<std::unique_ptr<Snapshot>> OpenSnapshot() override;

 private:
  // A write that waits for its turn.
  class Operation {
   public:
    virtual ~Operation() = default;
    // Jobs that it writes, about: what bounds a transaction.
    virtual int weight() const { return 1; }
    virtual void Apply(Writer& writer) = 0;
    // After the commit: OK, or why nothing of it stays.
    virtual void Answer(const absl::Status& commit) = 0;
  };
  template <typename T, typename Work>
  class TypedOperation;

  explicit SqliteJobStore(const SqliteOptions& options) : options_(options) {}
  template <typename T, typename Work>
  void Submit(int weight, Work work, Done<T> done);
  void WriterLoop();
  void CommitTogether(std::vector<std::unique_ptr<Operation>> batch);
  void Publish(const Ledger& ledger);
  // Sees that database and folder agree about the identity of the log.
  absl::Status SettleLogId();

  // A reader for the time of one call.
  class BorrowedReader;

  const SqliteOptions options_;
  QueueIndex index_;
  std::unique_ptr<Writer> writer_;
  std::vector<CommitListener*> listeners_;

  Mutex mu_;
  std::deque<std::unique_ptr<Operation>> waiting_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  LogRange range_ ABSL_GUARDED_BY(mu_);

  Mutex readers_mu_;
  std::vector<std::unique_ptr<Reader>> idle_readers_ ABSL_GUARDED_BY(readers_mu_);

  std::thread thread_;
};

}  // namespace spool::store

#endif  // SPOOL_SERVER_STORE_SQLITE_SQLITE_JOB_STORE_H_

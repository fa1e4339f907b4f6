// The one connection that writes: every move of a job, inside a transaction that the caller opens and ends.

#ifndef SPOOL_SERVER_STORE_SQLITE_WRITER_H_
#define SPOOL_SERVER_STORE_SQLITE_WRITER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/job/lifecycle.h"
#include "server/job/request.h"
#include "server/sqlite/database.h"
#include "server/store/job_store.h"
#include "server/store/sqlite/ledger.h"
#include "server/store/sqlite/queue_index.h"

namespace spool::store {

// Not thread-safe; the store's writer thread owns it. A method that refuses (NOT_FOUND, ABORTED…) has written nothing
// and the transaction goes on. When SQLite itself fails, the transaction is lost: Commit says so, whatever comes
// between.
class Writer {
 public:
  // Opens or makes the file, migrates it, loads the figures. `index` outlives the Writer.
  static absl::StatusOr<std::unique_ptr<Writer>> Open(const std::string& path, const Clock* clock,
                                                      int64_t max_waiting_jobs, QueueIndex* index);

  absl::Status Begin();
  // The events of this transaction, durable; or why nothing of it stays.
  absl::StatusOr<std::vector<CommittedEvent>> Commit();
  // The figures as of the last commit.
  const Ledger& committed() const { return committed_; }
  // Whether a pause ended within the last transaction, however short it was.
  bool resumed() const { return resumed_; }

  absl::StatusOr<EnqueuedJob> Enqueue(job::NewJob asked);
  absl::StatusOr<v1::Job> Cancel(absl::string_view job_id);
  absl::StatusOr<v1::Job> Retry(absl::string_view job_id);
  absl::StatusOr<v1::Job> Delete(absl::string_view job_id);
  bool SetPaused(bool paused);
  absl::StatusOr<std::optional<TakenJob>> Take(JobStore::Lanes lanes);
  absl::StatusOr<v1::Job> Complete(const Lease& lease, const v1::JobResult& result);
  absl::StatusOr<v1::Job> Fail(const Lease& lease, const v1::JobError& error);
  absl::StatusOr<v1::Job> HandBack(const Lease& lease);
  absl::StatusOr<v1::Job> FinishCancel(const Lease& lease);
  absl::StatusOr<absl::Time> Advance();
  absl::StatusOr<Compacted> Compact(const Retention& retention);

  // Gives the log another identity: tokens of the old one are refused from then on.
  void RenewLogId();

  // Hands back jobs that were running when the last process ended; at most `limit`. Answers how many.
  absl::StatusOr<int> RecoverInterrupted(int limit);

 private:
  struct Row {
    int64_t seq = 0;
    int64_t place = 0;
    std::optional<int64_t> lease;
    v1::JobState old_state = v1::JOB_STATE_UNSPECIFIED;
    v1::Job job;
  };
  struct Statements {
    sqlite::Statement insert_job, job_by_id, job_by_request, job_by_seq, update_job, delete_job, insert_event, ready,
        due, expiring, next_due, running, finished_before, oldest_finished, oldest_events, delete_events, load_index,
        last_event;
  };

  Writer(sqlite::Database database, const Clock* clock, int64_t max_waiting_jobs, QueueIndex* index)
      : database_(std::move(database)), clock_(clock), max_waiting_jobs_(max_waiting_jobs), index_(index) {}
  absl::Status Prepare();
  absl::Status LoadFigures();

  // Remembers that SQLite failed, so that Commit cannot succeed.
  absl::Status Sql(absl::Status status);
  template <typename T>
  absl::StatusOr<T> Sql(absl::StatusOr<T> result);

  absl::StatusOr<Row> ReadRow(sqlite::Statement& statement);
  absl::StatusOr<Row> Load(absl::string_view job_id);
  absl::StatusOr<Row> LoadBySeq(int64_t seq);
  // ABORTED (LEASE_LOST) unless the job runs under this lease.
  absl::StatusOr<Row> LoadLeased(const Lease& lease);
  // The answer when the job's request_id or id is known already; nullopt when neither is.
  absl::StatusOr<std::optional<EnqueuedJob>> FindKnown(const job::NewJob& asked);
  absl::StatusOr<EnqueuedJob> AnswerExisting(Row row, const job::NewJob& asked, absl::string_view fingerprint,
                                             absl::string_view reason);

  // Writes the moved job and its event, if it is still as it was loaded. `new_lease` when it was taken just now.
  absl::StatusOr<v1::Job> Save(Row& row, v1::Event event, std::optional<int64_t> new_lease = std::nullopt);
  absl::Status AppendEvent(v1::Event event);
  void CountMove(const Row& row);
  // Place in the queue of a job that keeps its place.
  int64_t PositionOf(const Row& row) const { return index_->AheadOf(row.job.priority(), row.place) + 1; }
  int64_t PositionOfNew(const v1::Job& job) const { return index_->AheadOfNew(job.priority()) + 1; }
  absl::StatusOr<v1::Job> HandBackRow(Row row, job::Interruption interruption);
  // The first column of every row of a query that is bound.
  absl::StatusOr<std::vector<int64_t>> Sequences(sqlite::Statement& select);

  absl::StatusOr<int64_t> CompactEvents(const Retention& retention, bool& more);
  absl::StatusOr<int64_t> CompactJobs(const Retention& retention, bool& more);

  struct IndexChange {
    int priority;
    int64_t place;
    bool added;
  };
  void ChangeIndex(const IndexChange& change);
  void ApplyToIndex(const IndexChange& change, bool undo);

  sqlite::Database database_;
  const Clock* const clock_;
  const int64_t max_waiting_jobs_;
  QueueIndex* const index_;
  absl::BitGen random_;
  Statements sql_;
  std::optional<LedgerTable> ledger_table_;

  Ledger committed_;
  // As of the transaction that is open.
  std::optional<sqlite::Transaction> transaction_;
  Ledger ledger_;
  bool resumed_ = false;
  std::vector<CommittedEvent> events_;
  std::vector<IndexChange> index_changes_;
  absl::Status failure_;
};

}  // namespace spool::store

#endif  // SPOOL_SERVER_STORE_SQLITE_WRITER_H_

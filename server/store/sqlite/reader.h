// The connections that read, each in views of its own.

#ifndef SPOOL_SERVER_STORE_SQLITE_READER_H_
#define SPOOL_SERVER_STORE_SQLITE_READER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/sqlite/database.h"
#include "server/store/job_store.h"
#include "server/store/sqlite/ledger.h"
#include "server/store/sqlite/queue_index.h"

namespace spool::store {

// One read-only connection. Not thread-safe. WAL shows a commit to readers only once it is synced, so whatever is read
// here would survive a loss of power.
class Reader {
 public:
  // The database must exist. `index` outlives the Reader.
  static absl::StatusOr<std::unique_ptr<Reader>> Open(const std::string& path, const QueueIndex* index);

  absl::StatusOr<StoredJob> GetJob(absl::string_view job_id);
  absl::StatusOr<JobPage> ListJobs(const v1::JobFilter& filter, int limit, int64_t before);
  absl::StatusOr<Ledger> ReadLedger() { return ledger_table_->Read(); }
  absl::StatusOr<StoreFigures> ReadFigures();
  absl::StatusOr<std::vector<StoredEvent>> ReadEvents(int64_t after, int max_events, int64_t max_bytes);

 private:
  friend class SqliteSnapshot;
  Reader(sqlite::Database database, const QueueIndex* index) : database_(std::move(database)), index_(index) {}
  // A page of jobs while it is gathered.
  struct PageScan {
    const v1::JobFilter& filter;
    const int limit;
    JobPage page;
    size_t bytes = 0;
    int rows = 0;      // looked at
    int64_t last = 0;  // seq of the last one that was settled
    bool full = false;
  };
  absl::Status Prepare();
  // Takes what matches from the statement's rows; resets it.
  absl::Status ScanRows(sqlite::Statement& rows, PageScan& scan);
  // Newest first, stretch by stretch of the index.
  absl::Status ScanVideos(int64_t before, PageScan& scan);

  sqlite::Database database_;
  const QueueIndex* const index_;
  std::optional<LedgerTable> ledger_table_;
  sqlite::Statement job_by_id_, jobs_before_, jobs_of_ids_, jobs_of_videos_, jobs_ends_, jobs_after_, events_,
      first_queued_;
};

// All jobs as of one commit, on a connection of its own.
class SqliteSnapshot : public Snapshot {
 public:
  static absl::StatusOr<std::unique_ptr<Snapshot>> Open(const std::string& path, const QueueIndex* index);
  int64_t through() const override { return through_; }
  absl::StatusOr<std::vector<v1::Job>> Next(int limit) override;

 private:
  SqliteSnapshot(std::unique_ptr<Reader> reader, sqlite::Transaction view, int64_t through)
      : reader_(std::move(reader)), view_(std::move(view)), through_(through) {}
  std::unique_ptr<Reader> reader_;
  sqlite::Transaction view_;  // ends before its connection does
  const int64_t through_;
  int64_t last_seq_ = 0;
};

}  // namespace spool::store

#endif  // SPOOL_SERVER_STORE_SQLITE_READER_H_

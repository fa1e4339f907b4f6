// The figures that would need a scan.

#ifndef SPOOL_SERVER_STORE_SQLITE_LEDGER_H_
#define SPOOL_SERVER_STORE_SQLITE_LEDGER_H_

#include <array>
#include <cstdint>
#include <map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/sqlite/database.h"
#include "spool/v1/event.pb.h"
#include "spool/v1/queue_service.pb.h"

namespace spool::store {

// Copyable, so that a rolled-back transaction can be forgotten.
struct Ledger {
  int64_t log_id = 0;
  int64_t head = 0;
  int64_t earliest = 1;
  int64_t event_bytes = 0;
  bool paused = false;
  // Jobs stored of one type, by JobState.
  using Stock = std::array<int64_t, v1::JobState_ARRAYSIZE>;
  // By JobType: a number, since the file may hold types that only a later version knows.
  std::map<int, Stock> jobs;
  int64_t total_enqueued = 0;
  int64_t total_started = 0;
  int64_t total_completed = 0;
  int64_t total_failed = 0;
  int64_t total_cancelled = 0;
  int64_t total_retried = 0;
  // Of completed jobs, microseconds.
  int64_t sum_duration = 0;
  int64_t sum_wait = 0;

  bool operator==(const Ledger&) const = default;
  // Jobs stored in this state, of all types.
  int64_t JobsIn(v1::JobState state) const;
  // Adds what this event means to the totals.
  void Count(const v1::Event& event);
  // The figures as QueueService answers them; slots and watchers are not the store's to know.
  v1::GetQueueStatsResponse ToStats() const;
  // The stock, by JobType.
  std::map<int, v1::StateCounts> JobsByType() const;
};

// Reads and writes the figures on one connection.
class LedgerTable {
 public:
  static absl::StatusOr<LedgerTable> Open(sqlite::Database& database);
  // DataLoss if the row is missing.
  absl::StatusOr<Ledger> Read();
  // Within a transaction that began when the figures were `before`: of the stock, only what changed is written.
  absl::Status Write(const Ledger& before, const Ledger& ledger);

 private:
  sqlite::Statement read_;
  sqlite::Statement write_;
  sqlite::Statement write_stock_;
};

}  // namespace spool::store

#endif  // SPOOL_SERVER_STORE_SQLITE_LEDGER_H_

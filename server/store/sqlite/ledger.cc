#include "server/store/sqlite/ledger.h"

#include "server/base/errors.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"

namespace spool::store {
namespace {

v1::StateCounts ToCounts(const Ledger::Stock& stock) {
  v1::StateCounts counts;
  counts.set_scheduled(stock[v1::JOB_STATE_SCHEDULED]);
  counts.set_queued(stock[v1::JOB_STATE_QUEUED]);
  counts.set_running(stock[v1::JOB_STATE_RUNNING]);
  counts.set_completed(stock[v1::JOB_STATE_COMPLETED]);
  counts.set_failed(stock[v1::JOB_STATE_FAILED]);
  counts.set_cancelled(stock[v1::JOB_STATE_CANCELLED]);
  return counts;
}

}  // namespace

void Ledger::Count(const v1::Event& event) {
  switch (event.payload_case()) {
    case v1::Event::kQueued:
      total_enqueued += event.queued().reason() == v1::QUEUED_REASON_ENQUEUED;
      break;
    case v1::Event::kScheduled:
      ++total_enqueued;
      break;
    case v1::Event::kStarted:
      ++total_started;
      break;
    case v1::Event::kCompleted:
      ++total_completed;
      sum_duration += absl::ToInt64Microseconds(FromProto(event.completed().duration()));
      sum_wait += absl::ToInt64Microseconds(FromProto(event.completed().started_at()) -
                                            FromProto(event.completed().queued_at()));
      break;
    case v1::Event::kFailed:
      ++total_failed;
      break;
    case v1::Event::kRetrying:
      ++total_retried;
      break;
    case v1::Event::kCancelled:
      ++total_cancelled;
      break;
    case v1::Event::kDeleted:
    case v1::Event::kCancelRequested:
    case v1::Event::PAYLOAD_NOT_SET:
      break;
  }
}

int64_t Ledger::JobsIn(v1::JobState state) const {
  int64_t sum = 0;
  for (const auto& [type, stock] : jobs) sum += stock[state];
  return sum;
}

std::map<int, v1::StateCounts> Ledger::JobsByType() const {
  std::map<int, v1::StateCounts> by_type;
  for (const auto& [type, stock] : jobs) by_type.emplace(type, ToCounts(stock));
  return by_type;
}

v1::GetQueueStatsResponse Ledger::ToStats() const {
  v1::GetQueueStatsResponse stats;
  Stock all = {};
  for (int state = v1::JOB_STATE_SCHEDULED; state <= v1::JOB_STATE_CANCELLED; ++state) {
    all[state] = JobsIn(static_cast<v1::JobState>(state));
  }
  *stats.mutable_jobs() = ToCounts(all);
  stats.mutable_totals()->set_enqueued(total_enqueued);
  stats.mutable_totals()->set_started(total_started);
  stats.mutable_totals()->set_completed(total_completed);
  stats.mutable_totals()->set_failed(total_failed);
  stats.mutable_totals()->set_cancelled(total_cancelled);
  stats.mutable_totals()->set_retried(total_retried);
  if (total_completed > 0) {
    *stats.mutable_mean_duration() = ToProto(absl::Microseconds(sum_duration) / total_completed);
    *stats.mutable_mean_wait() = ToProto(absl::Microseconds(sum_wait) / total_completed);
  }
  if (total_completed + total_failed > 0) {
    stats.set_success_rate(static_cast<double>(total_completed) / static_cast<double>(total_completed + total_failed));
  }
  stats.set_paused(paused);
  stats.set_head_sequence(head);
  stats.set_earliest_sequence(earliest);
  return stats;
}

namespace {
// One statement, so that the figures are as of one commit without a transaction around it: a row for each type.
constexpr char kRead[] =
    "SELECT log_id, head, earliest, event_bytes, paused, total_enqueued, total_started, total_completed, total_failed,"
    " total_cancelled, total_retried, sum_duration, sum_wait, type, scheduled, queued, running, completed, failed,"
    " cancelled FROM ledger LEFT JOIN stock WHERE id = 1";
constexpr char kWrite[] =
    "UPDATE ledger SET log_id = ?, head = ?, earliest = ?, event_bytes = ?, paused = ?, total_enqueued = ?,"
    " total_started = ?, total_completed = ?, total_failed = ?, total_cancelled = ?, total_retried = ?,"
    " sum_duration = ?, sum_wait = ? WHERE id = 1";
constexpr char kWriteStock[] =
    "INSERT OR REPLACE INTO stock (type, scheduled, queued, running, completed, failed, cancelled)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)";
}  // namespace

absl::StatusOr<LedgerTable> LedgerTable::Open(sqlite::Database& database) {
  LedgerTable table;
  SPOOL_ASSIGN_OR_RETURN(table.read_, database.Prepare(kRead));
  SPOOL_ASSIGN_OR_RETURN(table.write_, database.Prepare(kWrite));
  SPOOL_ASSIGN_OR_RETURN(table.write_stock_, database.Prepare(kWriteStock));
  return table;
}

absl::StatusOr<Ledger> LedgerTable::Read() {
  sqlite::ScopedReset reset(read_);
  SPOOL_ASSIGN_OR_RETURN(bool row, read_.Step());
  if (!row) return Error(absl::StatusCode::kDataLoss, "STORE_CORRUPT", "the ledger row is missing");
  Ledger ledger;
  int column = 0;
  ledger.log_id = read_.Int(column++);
  ledger.head = read_.Int(column++);
  ledger.earliest = read_.Int(column++);
  ledger.event_bytes = read_.Int(column++);
  ledger.paused = read_.Int(column++) != 0;
  for (int64_t* figure : {&ledger.total_enqueued, &ledger.total_started, &ledger.total_completed, &ledger.total_failed,
                          &ledger.total_cancelled, &ledger.total_retried, &ledger.sum_duration, &ledger.sum_wait}) {
    *figure = read_.Int(column++);
  }
  for (const int stock_begins = column; row && !read_.IsNull(stock_begins); column = stock_begins) {
    Ledger::Stock& stock = ledger.jobs[static_cast<int>(read_.Int(column++))];
    for (int state = v1::JOB_STATE_SCHEDULED; state <= v1::JOB_STATE_CANCELLED; ++state) {
      stock[state] = read_.Int(column++);
    }
    SPOOL_ASSIGN_OR_RETURN(row, read_.Step());
  }
  return ledger;
}

absl::Status LedgerTable::Write(const Ledger& before, const Ledger& ledger) {
  int index = 1;
  for (const int64_t figure : {ledger.log_id, ledger.head, ledger.earliest, ledger.event_bytes, int64_t{ledger.paused},
                               ledger.total_enqueued, ledger.total_started, ledger.total_completed, ledger.total_failed,
                               ledger.total_cancelled, ledger.total_retried, ledger.sum_duration, ledger.sum_wait}) {
    write_.Bind(index++, figure);
  }
  SPOOL_RETURN_IF_ERROR(write_.Run());
  for (const auto& [type, stock] : ledger.jobs) {
    if (const auto old = before.jobs.find(type); old != before.jobs.end() && old->second == stock) continue;
    index = 1;
    write_stock_.Bind(index++, type);
    for (int state = v1::JOB_STATE_SCHEDULED; state <= v1::JOB_STATE_CANCELLED; ++state) {
      write_stock_.Bind(index++, stock[state]);
    }
    SPOOL_RETURN_IF_ERROR(write_stock_.Run());
  }
  return absl::OkStatus();
}

}  // namespace spool::store

#include "server/store/sqlite/ledger.h"

#include "server/base/errors.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"

namespace spool::store {

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

v1::GetQueueStatsResponse Ledger::ToStats() const {
  v1::GetQueueStatsResponse stats;
  stats.mutable_jobs()->set_scheduled(jobs[v1::JOB_STATE_SCHEDULED]);
  stats.mutable_jobs()->set_queued(jobs[v1::JOB_STATE_QUEUED]);
  stats.mutable_jobs()->set_running(jobs[v1::JOB_STATE_RUNNING]);
  stats.mutable_jobs()->set_completed(jobs[v1::JOB_STATE_COMPLETED]);
  stats.mutable_jobs()->set_failed(jobs[v1::JOB_STATE_FAILED]);
  stats.mutable_jobs()->set_cancelled(jobs[v1::JOB_STATE_CANCELLED]);
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
constexpr char kRead[] =
    "SELECT log_id, head, earliest, event_bytes, paused, scheduled, queued, running, completed, failed, cancelled,"
    " total_enqueued, total_started, total_completed, total_failed, total_cancelled, total_retried, sum_duration,"
    " sum_wait FROM ledger WHERE id = 1";
constexpr char kWrite[] =
    "UPDATE ledger SET log_id = ?, head = ?, earliest = ?, event_bytes = ?, paused = ?, scheduled = ?, queued = ?, "
    "running = ?,"
    " completed = ?, failed = ?, cancelled = ?, total_enqueued = ?, total_started = ?, total_completed = ?,"
    " total_failed = ?, total_cancelled = ?, total_retried = ?, sum_duration = ?, sum_wait = ? WHERE id = 1";
}  // namespace

absl::StatusOr<LedgerTable> LedgerTable::Open(sqlite::Database& database) {
  LedgerTable table;
  SPOOL_ASSIGN_OR_RETURN(table.read_, database.Prepare(kRead));
  SPOOL_ASSIGN_OR_RETURN(table.write_, database.Prepare(kWrite));
  return table;
}

absl::StatusOr<Ledger> LedgerTable::Read() {
  sqlite::ScopedReset reset(read_);
  SPOOL_ASSIGN_OR_RETURN(const bool found, read_.Step());
  if (!found) return Error(absl::StatusCode::kDataLoss, "STORE_CORRUPT", "the ledger row is missing");
  Ledger ledger;
  int column = 0;
  ledger.log_id = read_.Int(column++);
  ledger.head = read_.Int(column++);
  ledger.earliest = read_.Int(column++);
  ledger.event_bytes = read_.Int(column++);
  ledger.paused = read_.Int(column++) != 0;
  for (int state = v1::JOB_STATE_SCHEDULED; state <= v1::JOB_STATE_CANCELLED; ++state) {
    ledger.jobs[state] = read_.Int(column++);
  }
  for (int64_t* figure : {&ledger.total_enqueued, &ledger.total_started, &ledger.total_completed, &ledger.total_failed,
                          &ledger.total_cancelled, &ledger.total_retried, &ledger.sum_duration, &ledger.sum_wait}) {
    *figure = read_.Int(column++);
  }
  return ledger;
}

absl::Status LedgerTable::Write(const Ledger& ledger) {
  int index = 1;
  for (const int64_t figure :
       {ledger.log_id, ledger.head, ledger.earliest, ledger.event_bytes, int64_t{ledger.paused}}) {
    write_.Bind(index++, figure);
  }
  for (int state = v1::JOB_STATE_SCHEDULED; state <= v1::JOB_STATE_CANCELLED; ++state) {
    write_.Bind(index++, ledger.jobs[state]);
  }
  for (const int64_t figure : {ledger.total_enqueued, ledger.total_started, ledger.total_completed, ledger.total_failed,
                               ledger.total_cancelled, ledger.total_retried, ledger.sum_duration, ledger.sum_wait}) {
    write_.Bind(index++, figure);
  }
  return write_.Run();
}

}  // namespace spool::store

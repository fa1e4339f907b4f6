#include "server/store/sqlite/writer.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "server/base/errors.h"
#include "server/base/failpoint.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"
#include "server/job/transition.h"
#include "server/store/sqlite/schema.h"

namespace spool::store {
namespace {

// Most rows that Advance and Compact touch in one transaction: a few milliseconds, so that callers are not held up.
constexpr int kSweepLimit = 500;
constexpr int kCompactLimit = 4000;
// Up to here a start looks through all of the file: a damaged index would otherwise hide jobs without a word. Less than
// half a second; for larger ones server/OPERATING.md says how to do it by hand.
constexpr int64_t kMaxCheckedBytes = int64_t{64} << 20;

absl::Status JobNotFound(absl::string_view job_id) {
  return WithResource(Error(absl::StatusCode::kNotFound, "JOB_NOT_FOUND", absl::StrCat("there is no job ", job_id),
                            {{"jobId", std::string(job_id)}}),
                      "job", job_id);
}

absl::Status LeaseLost(absl::string_view job_id) {
  return WithResource(
      Error(absl::StatusCode::kAborted, "LEASE_LOST",
            absl::StrCat("the attempt of ", job_id, " is no longer the current one"), {{"jobId", std::string(job_id)}}),
      "job", job_id);
}

absl::Status Corrupt(absl::string_view what) { return Error(absl::StatusCode::kDataLoss, "STORE_CORRUPT", what); }

std::optional<int64_t> DueAt(const v1::Job& job) {
  if (job.state() != v1::JOB_STATE_SCHEDULED) return std::nullopt;
  return absl::ToUnixMicros(FromProto(job.next_attempt_at()));
}

std::optional<int64_t> ExpiresAt(const v1::Job& job) {
  if (job.state() != v1::JOB_STATE_SCHEDULED && job.state() != v1::JOB_STATE_QUEUED) return std::nullopt;
  const absl::Time expiry = job::ExpiryOf(job);
  if (expiry == absl::InfiniteFuture()) return std::nullopt;
  return absl::ToUnixMicros(expiry);
}

std::optional<int64_t> FinishedAt(const v1::Job& job) {
  switch (job.state()) {
    case v1::JOB_STATE_COMPLETED:
      return absl::ToUnixMicros(FromProto(job.completed_at()));
    case v1::JOB_STATE_FAILED:
      return absl::ToUnixMicros(FromProto(job.failed_at()));
    case v1::JOB_STATE_CANCELLED:
      return absl::ToUnixMicros(FromProto(job.cancelled_at()));
    default:
      return std::nullopt;
  }
}

void BindOptional(sqlite::Statement& statement, int index, std::optional<int64_t> value) {
  if (value.has_value()) {
    statement.Bind(index, *value);
  } else {
    statement.BindNull(index);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Writer>> Writer::Open(const std::string& path, const Clock* clock,
                                                     int64_t max_waiting_jobs, QueueIndex* index) {
  SPOOL_ASSIGN_OR_RETURN(sqlite::Database database, sqlite::Database::Open(path, sqlite::Database::Mode::kReadWrite));
  SPOOL_RETURN_IF_ERROR(database.CheckIntegrity(kMaxCheckedBytes));
  SPOOL_RETURN_IF_ERROR(database.Migrate(kMigrations));
  std::unique_ptr<Writer> writer(new Writer(std::move(database), clock, max_waiting_jobs, index));
  SPOOL_RETURN_IF_ERROR(writer->Prepare());
  SPOOL_RETURN_IF_ERROR(writer->LoadFigures());
  return writer;
}

absl::Status Writer::Prepare() {
  SPOOL_ASSIGN_OR_RETURN(ledger_table_, LedgerTable::Open(database_));
  const auto prepare = [this](sqlite::Statement& statement, const char* sql) -> absl::Status {
    SPOOL_ASSIGN_OR_RETURN(statement, database_.Prepare(sql));
    return absl::OkStatus();
  };
  SPOOL_RETURN_IF_ERROR(prepare(sql_.insert_job,
                                "INSERT OR IGNORE INTO jobs (id, request_id, fingerprint, state, type, video_id, lane,"
                                " priority, place, due_at, expires_at, record)"
                                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  // The columns that ReadRow reads, then the fingerprint.
  SPOOL_RETURN_IF_ERROR(prepare(sql_.job_by_id,
                                "SELECT seq, place, lease, record, fingerprint FROM jobs"
                                " WHERE recent = substr(?1, -26) AND id = ?1"));
  SPOOL_RETURN_IF_ERROR(
      prepare(sql_.job_by_request, "SELECT seq, place, lease, record, fingerprint FROM jobs WHERE request_id = ?"));
  SPOOL_RETURN_IF_ERROR(prepare(sql_.job_by_seq, "SELECT seq, place, lease, record FROM jobs WHERE seq = ?"));
  // The guard of the state table once more, in the write itself.
  SPOOL_RETURN_IF_ERROR(prepare(sql_.update_job,
                                "UPDATE jobs SET state = ?, place = ?, due_at = ?, expires_at = ?, lease = ?,"
                                " finished_at = ?, record = ? WHERE seq = ? AND state = ? AND lease IS ?"));
  SPOOL_RETURN_IF_ERROR(prepare(sql_.delete_job, "DELETE FROM jobs WHERE seq = ? AND state >= 4"));
  SPOOL_RETURN_IF_ERROR(prepare(sql_.insert_event, "INSERT INTO events (seq, at, body) VALUES (?, ?, ?)"));
  SPOOL_RETURN_IF_ERROR(prepare(sql_.ready,
                                "SELECT seq, priority, place FROM jobs WHERE state = 2 AND lane = ?"
                                " ORDER BY priority DESC, place LIMIT 1"));
  SPOOL_RETURN_IF_ERROR(prepare(sql_.due, "SELECT seq FROM jobs WHERE due_at <= ? ORDER BY due_at LIMIT ?"));
  SPOOL_RETURN_IF_ERROR(
      prepare(sql_.expiring, "SELECT seq FROM jobs WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"));
  SPOOL_RETURN_IF_ERROR(prepare(sql_.next_due,
                                "SELECT (SELECT due_at FROM jobs WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1),"
                                " (SELECT expires_at FROM jobs WHERE expires_at IS NOT NULL"
                                " ORDER BY expires_at LIMIT 1)"));
  SPOOL_RETURN_IF_ERROR(prepare(sql_.running, "SELECT seq FROM jobs WHERE lease IS NOT NULL LIMIT ?"));
  SPOOL_RETURN_IF_ERROR(
      prepare(sql_.finished_before, "SELECT seq, state FROM jobs WHERE finished_at < ? ORDER BY finished_at LIMIT ?"));
  SPOOL_RETURN_IF_ERROR(prepare(
      sql_.oldest_finished, "SELECT seq, state FROM jobs WHERE finished_at IS NOT NULL ORDER BY finished_at LIMIT ?"));
  SPOOL_RETURN_IF_ERROR(
      prepare(sql_.oldest_events, "SELECT seq, at, length(body) FROM events WHERE seq >= ? ORDER BY seq LIMIT ?"));
  SPOOL_RETURN_IF_ERROR(prepare(sql_.delete_events, "DELETE FROM events WHERE seq < ?"));
  SPOOL_RETURN_IF_ERROR(
      prepare(sql_.load_index, "SELECT priority, place FROM jobs WHERE state = 2 AND lane IN (0, 1)"));
  return prepare(sql_.last_event, "SELECT max(seq) FROM events");
}

absl::Status Writer::LoadFigures() {
  SPOOL_ASSIGN_OR_RETURN(committed_, ledger_table_->Read());
  {
    sqlite::ScopedReset reset(sql_.last_event);
    SPOOL_RETURN_IF_ERROR(sql_.last_event.Step().status());
    const int64_t last = sql_.last_event.IsNull(0) ? committed_.earliest - 1 : sql_.last_event.Int(0);
    if (last != committed_.head) {
      return Corrupt(absl::StrCat("the log ends at ", last, " but the ledger says ", committed_.head));
    }
  }
  sqlite::ScopedReset reset(sql_.load_index);
  for (;;) {
    SPOOL_ASSIGN_OR_RETURN(const bool row, sql_.load_index.Step());
    if (!row) return absl::OkStatus();
    index_->Add(static_cast<int>(sql_.load_index.Int(0)), sql_.load_index.Int(1));
  }
}

absl::Status Writer::Begin() {
  failure_ = absl::OkStatus();
  ledger_ = committed_;
  resumed_ = false;
  events_.clear();
  index_changes_.clear();
  SPOOL_ASSIGN_OR_RETURN(sqlite::Transaction transaction,
                         sqlite::Transaction::Begin(database_, sqlite::Transaction::Kind::kWrite));
  transaction_.emplace(std::move(transaction));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<CommittedEvent>> Writer::Commit() {
  if (failure_.ok() && events_.empty() && ledger_ == committed_) {
    // Only looked: ending the transaction by a rollback costs no write.
    transaction_.reset();
    return std::vector<CommittedEvent>();
  }
  if (failure_.ok()) failure_ = ledger_table_->Write(committed_, ledger_);
  if (failure_.ok()) failure_ = transaction_->Commit();
  transaction_.reset();
  if (!failure_.ok()) {
    // A job may have left and come back: undone in the opposite order.
    for (; !index_changes_.empty(); index_changes_.pop_back()) ApplyToIndex(index_changes_.back(), /*undo=*/true);
    return failure_;
  }
  committed_ = ledger_;
  return std::move(events_);
}

absl::Status Writer::Sql(absl::Status status) {
  if (!status.ok() && failure_.ok()) failure_ = status;
  return status;
}

template <typename T>
absl::StatusOr<T> Writer::Sql(absl::StatusOr<T> result) {
  if (!result.ok()) Sql(result.status()).IgnoreError();
  return result;
}

void Writer::ChangeIndex(const IndexChange& change) {
  ApplyToIndex(change, /*undo=*/false);
  index_changes_.push_back(change);
}

void Writer::ApplyToIndex(const IndexChange& change, bool undo) {
  if (change.added != undo) {
    index_->Add(change.priority, change.place);
  } else {
    index_->Remove(change.priority, change.place);
  }
}

absl::StatusOr<Writer::Row> Writer::ReadRow(sqlite::Statement& statement) {
  Row row;
  row.seq = statement.Int(0);
  row.place = statement.Int(1);
  if (!statement.IsNull(2)) row.lease = statement.Int(2);
  const absl::string_view record = statement.Bytes(3);
  if (!row.job.ParseFromArray(record.data(), static_cast<int>(record.size()))) {
    return Sql(Corrupt(absl::StrCat("the record of job ", row.seq, " cannot be read")));
  }
  row.old_state = row.job.state();
  return row;
}

absl::StatusOr<Writer::Row> Writer::Load(absl::string_view job_id) {
  sqlite::ScopedReset reset(sql_.job_by_id);
  SPOOL_ASSIGN_OR_RETURN(const bool found, Sql(sql_.job_by_id.BindText(1, job_id).Step()));
  if (!found) return JobNotFound(job_id);
  return ReadRow(sql_.job_by_id);
}

absl::StatusOr<Writer::Row> Writer::LoadBySeq(int64_t seq) {
  sqlite::ScopedReset reset(sql_.job_by_seq);
  SPOOL_ASSIGN_OR_RETURN(const bool found, Sql(sql_.job_by_seq.Bind(1, seq).Step()));
  if (!found) return Sql(Corrupt(absl::StrCat("job ", seq, " is in an index and not in the table")));
  return ReadRow(sql_.job_by_seq);
}

absl::StatusOr<Writer::Row> Writer::LoadLeased(const Lease& lease) {
  absl::StatusOr<Row> row = Load(lease.job_id);
  if (absl::IsNotFound(row.status())) return LeaseLost(lease.job_id);
  if (row.ok() && (row->old_state != v1::JOB_STATE_RUNNING || row->lease != lease.token)) {
    return LeaseLost(lease.job_id);
  }
  return row;
}

absl::Status Writer::AppendEvent(v1::Event event) {
  std::string bytes = event.SerializeAsString();
  SPOOL_RETURN_IF_ERROR(Sql(sql_.insert_event.Bind(1, event.sequence())
                                .Bind(2, absl::ToUnixMicros(FromProto(event.event_time())))
                                .BindBlob(3, bytes)
                                .Run()));
  ledger_.head = event.sequence();
  ledger_.event_bytes += static_cast<int64_t>(bytes.size());
  ledger_.Count(event);
  events_.push_back({std::move(event), std::move(bytes)});
  return absl::OkStatus();
}

void Writer::CountMove(const Row& row) {
  if (row.old_state == row.job.state()) return;
  Ledger::Stock& stock = ledger_.jobs[row.job.type()];
  --stock[row.old_state];
  ++stock[row.job.state()];
}

absl::StatusOr<v1::Job> Writer::Save(Row& row, v1::Event event, std::optional<int64_t> new_lease) {
  job::Stamp(row.job, event, ledger_.head + 1);
  const std::optional<int64_t> old_lease = row.lease;
  const int64_t old_place = row.place;
  if (row.job.state() == v1::JOB_STATE_QUEUED && row.old_state != v1::JOB_STATE_QUEUED &&
      event.queued().reason() != v1::QUEUED_REASON_INTERRUPTED) {
    row.place = event.sequence();
  }
  if (row.job.state() != v1::JOB_STATE_RUNNING) {
    row.lease = std::nullopt;
  } else if (new_lease.has_value()) {
    row.lease = new_lease;
  }

  sqlite::Statement& update = sql_.update_job;
  update.Bind(1, static_cast<int>(row.job.state())).Bind(2, row.place);
  BindOptional(update, 3, DueAt(row.job));
  BindOptional(update, 4, ExpiresAt(row.job));
  BindOptional(update, 5, row.lease);
  BindOptional(update, 6, FinishedAt(row.job));
  update.BindBlob(7, row.job.SerializeAsString()).Bind(8, row.seq).Bind(9, static_cast<int>(row.old_state));
  BindOptional(update, 10, old_lease);
  SPOOL_RETURN_IF_ERROR(Sql(update.Run()));
  if (update.Changes() != 1) {
    return Sql(Corrupt(absl::StrCat("job ", row.job.id(), " and its record disagree about its state")));
  }

  const bool was_queued = row.old_state == v1::JOB_STATE_QUEUED;
  const bool is_queued = row.job.state() == v1::JOB_STATE_QUEUED;
  if (was_queued && !is_queued) ChangeIndex({row.job.priority(), old_place, false});
  if (!was_queued && is_queued) ChangeIndex({row.job.priority(), row.place, true});
  CountMove(row);
  if (is_queued) row.job.set_queue_position(event.queued().queue_position());
  SPOOL_RETURN_IF_ERROR(AppendEvent(std::move(event)));
  return std::move(row.job);
}

absl::StatusOr<EnqueuedJob> Writer::Enqueue(job::NewJob asked) {
  if (ledger_.JobsIn(v1::JOB_STATE_QUEUED) + ledger_.JobsIn(v1::JOB_STATE_SCHEDULED) >= max_waiting_jobs_) {
    // A caller that repeats its request must learn of its job, however full the queue is by now.
    SPOOL_ASSIGN_OR_RETURN(std::optional<EnqueuedJob> known, FindKnown(asked));
    if (known.has_value()) return *std::move(known);
    return WithRetryDelay(Error(absl::StatusCode::kResourceExhausted, "QUEUE_FULL",
                                absl::StrCat(max_waiting_jobs_, " jobs are waiting already"),
                                {{"maxWaitingJobs", absl::StrCat(max_waiting_jobs_)}}),
                          absl::Seconds(5));
  }
  const absl::Time now = clock_->Now();
  v1::Job& job = asked.job;
  v1::Event event = job::Accept(job, PositionOfNew(job), now);
  job::Stamp(job, event, ledger_.head + 1);

  sqlite::Statement& insert = sql_.insert_job;
  insert.BindText(1, job.id());
  if (asked.request_id.empty()) {
    insert.BindNull(2);
  } else {
    insert.BindText(2, asked.request_id);
  }
  insert.BindBlob(3, asked.fingerprint).Bind(4, static_cast<int>(job.state())).Bind(5, static_cast<int>(job.type()));
  insert.BindText(6, job.video_id()).Bind(7, static_cast<int>(asked.lane)).Bind(8, job.priority());
  insert.Bind(9, event.sequence());
  BindOptional(insert, 10, DueAt(job));
  BindOptional(insert, 11, ExpiresAt(job));
  insert.BindBlob(12, job.SerializeAsString());
  SPOOL_RETURN_IF_ERROR(Sql(insert.Run()));
  if (insert.Changes() == 0) {
    SPOOL_ASSIGN_OR_RETURN(std::optional<EnqueuedJob> known, FindKnown(asked));
    if (known.has_value()) return *std::move(known);
    return Sql(Corrupt(absl::StrCat("job ", job.id(), " can be neither inserted nor found")));
  }

  ++ledger_.jobs[job.type()][job.state()];
  if (job.state() == v1::JOB_STATE_QUEUED) {
    ChangeIndex({job.priority(), event.sequence(), true});
    job.set_queue_position(event.queued().queue_position());
  }
  SPOOL_RETURN_IF_ERROR(AppendEvent(std::move(event)));
  return EnqueuedJob{std::move(job), v1::ENQUEUE_OUTCOME_CREATED};
}

absl::StatusOr<std::optional<EnqueuedJob>> Writer::FindKnown(const job::NewJob& asked) {
  for (const bool by_request : {true, false}) {
    if (by_request && asked.request_id.empty()) continue;
    sqlite::Statement& select = by_request ? sql_.job_by_request : sql_.job_by_id;
    sqlite::ScopedReset reset(select);
    SPOOL_ASSIGN_OR_RETURN(const bool found,
                           Sql(select.BindText(1, by_request ? asked.request_id : asked.job.id()).Step()));
    if (!found) continue;
    SPOOL_ASSIGN_OR_RETURN(Row row, ReadRow(select));
    return AnswerExisting(std::move(row), asked, select.Bytes(4), by_request ? "REQUEST_ID_REUSED" : "JOB_ID_TAKEN");
  }
  return std::nullopt;
}

absl::StatusOr<EnqueuedJob> Writer::AnswerExisting(Row row, const job::NewJob& asked, absl::string_view fingerprint,
                                                   absl::string_view reason) {
  if (fingerprint != asked.fingerprint) {
    const bool by_request = reason == "REQUEST_ID_REUSED";
    return WithResource(
        Error(absl::StatusCode::kAlreadyExists, reason,
              absl::StrCat(by_request ? "request_id " : "job_id ", by_request ? asked.request_id : asked.job.id(),
                           " was used with another request; it is job ", row.job.id()),
              {{"jobId", row.job.id()}}),
        "job", row.job.id());
  }
  if (row.job.state() == v1::JOB_STATE_QUEUED) row.job.set_queue_position(PositionOf(row));
  return EnqueuedJob{std::move(row.job), v1::ENQUEUE_OUTCOME_EXISTING};
}

absl::StatusOr<v1::Job> Writer::Cancel(absl::string_view job_id) {
  SPOOL_ASSIGN_OR_RETURN(Row row, Load(job_id));
  SPOOL_ASSIGN_OR_RETURN(std::optional<v1::Event> event, job::Cancel(row.job, clock_->Now()));
  if (!event.has_value()) return std::move(row.job);
  return Save(row, *std::move(event));
}

absl::StatusOr<v1::Job> Writer::Retry(absl::string_view job_id) {
  SPOOL_ASSIGN_OR_RETURN(Row row, Load(job_id));
  SPOOL_ASSIGN_OR_RETURN(v1::Event event, job::Retry(row.job, PositionOfNew(row.job), clock_->Now()));
  return Save(row, std::move(event));
}

absl::StatusOr<v1::Job> Writer::Delete(absl::string_view job_id) {
  SPOOL_ASSIGN_OR_RETURN(Row row, Load(job_id));
  SPOOL_ASSIGN_OR_RETURN(v1::Event event, job::Delete(row.job, clock_->Now()));
  job::Stamp(row.job, event, ledger_.head + 1);
  SPOOL_RETURN_IF_ERROR(Sql(sql_.delete_job.Bind(1, row.seq).Run()));
  if (sql_.delete_job.Changes() != 1) return Sql(Corrupt(absl::StrCat("job ", job_id, " cannot be deleted")));
  --ledger_.jobs[row.job.type()][row.old_state];
  SPOOL_RETURN_IF_ERROR(AppendEvent(std::move(event)));
  return std::move(row.job);
}

bool Writer::SetPaused(bool paused) {
  resumed_ = resumed_ || (ledger_.paused && !paused);
  ledger_.paused = paused;
  return paused;
}

absl::StatusOr<std::optional<TakenJob>> Writer::Take(JobStore::Lanes lanes) {
  if (ledger_.paused) return std::nullopt;
  for (int tried = 0; tried < kSweepLimit; ++tried) {
    int64_t best_seq = 0, best_priority = 0, best_place = 0;
    for (const job::Lane lane : {job::Lane::kShort, job::Lane::kLong}) {
      if (lane == job::Lane::kLong && lanes == JobStore::Lanes::kShortOnly) continue;
      sqlite::ScopedReset reset(sql_.ready);
      SPOOL_ASSIGN_OR_RETURN(const bool found, Sql(sql_.ready.Bind(1, static_cast<int>(lane)).Step()));
      if (!found) continue;
      const int64_t priority = sql_.ready.Int(1), place = sql_.ready.Int(2);
      if (best_seq == 0 || priority > best_priority || (priority == best_priority && place < best_place)) {
        best_seq = sql_.ready.Int(0);
        best_priority = priority;
        best_place = place;
      }
    }
    if (best_seq == 0) return std::nullopt;
    SPOOL_ASSIGN_OR_RETURN(Row row, LoadBySeq(best_seq));
    const absl::Time now = clock_->Now();
    if (job::ExpiryOf(row.job) <= now) {
      SPOOL_ASSIGN_OR_RETURN(v1::Event event, Sql(job::Expire(row.job, now)));
      SPOOL_RETURN_IF_ERROR(Save(row, std::move(event)).status());
      continue;
    }
    SPOOL_ASSIGN_OR_RETURN(v1::Event event, Sql(job::Take(row.job, now)));
    TakenJob taken;
    taken.lease.job_id = row.job.id();
    taken.lease.token = absl::Uniform<int64_t>(random_, 1, std::numeric_limits<int64_t>::max());
    SPOOL_ASSIGN_OR_RETURN(taken.job, Save(row, std::move(event), taken.lease.token));
    return taken;
  }
  return std::nullopt;
}

absl::StatusOr<v1::Job> Writer::Complete(const Lease& lease, const v1::JobResult& result) {
  SPOOL_ASSIGN_OR_RETURN(Row row, LoadLeased(lease));
  SPOOL_ASSIGN_OR_RETURN(v1::Event event, job::Complete(row.job, result, clock_->Now()));
  return Save(row, std::move(event));
}

absl::StatusOr<v1::Job> Writer::Fail(const Lease& lease, const v1::JobError& error) {
  SPOOL_ASSIGN_OR_RETURN(Row row, LoadLeased(lease));
  SPOOL_ASSIGN_OR_RETURN(v1::Event event,
                         job::FailAttempt(row.job, error, absl::Uniform(random_, 0.0, 1.0), clock_->Now()));
  return Save(row, std::move(event));
}

absl::StatusOr<v1::Job> Writer::HandBack(const Lease& lease) {
  SPOOL_ASSIGN_OR_RETURN(Row row, LoadLeased(lease));
  return HandBackRow(std::move(row), job::Interruption::kOrderly);
}

absl::StatusOr<v1::Job> Writer::HandBackRow(Row row, job::Interruption interruption) {
  SPOOL_ASSIGN_OR_RETURN(v1::Event event, job::HandBack(row.job, PositionOf(row), interruption, clock_->Now()));
  return Save(row, std::move(event));
}

absl::StatusOr<v1::Job> Writer::FinishCancel(const Lease& lease) {
  SPOOL_ASSIGN_OR_RETURN(Row row, LoadLeased(lease));
  SPOOL_ASSIGN_OR_RETURN(v1::Event event, job::FinishCancel(row.job, clock_->Now()));
  return Save(row, std::move(event));
}

absl::StatusOr<std::vector<int64_t>> Writer::Sequences(sqlite::Statement& select) {
  sqlite::ScopedReset reset(select);
  std::vector<int64_t> found;
  for (;;) {
    SPOOL_ASSIGN_OR_RETURN(const bool row, Sql(select.Step()));
    if (!row) return found;
    found.push_back(select.Int(0));
  }
}

absl::StatusOr<absl::Time> Writer::Advance() {
  const absl::Time now = clock_->Now();
  SPOOL_ASSIGN_OR_RETURN(const std::vector<int64_t> expired,
                         Sequences(sql_.expiring.Bind(1, absl::ToUnixMicros(now)).Bind(2, kSweepLimit)));
  for (const int64_t seq : expired) {
    SPOOL_ASSIGN_OR_RETURN(Row row, LoadBySeq(seq));
    SPOOL_ASSIGN_OR_RETURN(v1::Event event, Sql(job::Expire(row.job, now)));
    SPOOL_RETURN_IF_ERROR(Save(row, std::move(event)).status());
  }
  SPOOL_ASSIGN_OR_RETURN(const std::vector<int64_t> due,
                         Sequences(sql_.due.Bind(1, absl::ToUnixMicros(now)).Bind(2, kSweepLimit)));
  for (const int64_t seq : due) {
    SPOOL_ASSIGN_OR_RETURN(Row row, LoadBySeq(seq));
    SPOOL_ASSIGN_OR_RETURN(v1::Event event, Sql(job::ComeDue(row.job, PositionOfNew(row.job), now)));
    SPOOL_RETURN_IF_ERROR(Save(row, std::move(event)).status());
  }
  sqlite::ScopedReset reset(sql_.next_due);
  SPOOL_RETURN_IF_ERROR(Sql(sql_.next_due.Step()).status());
  absl::Time next = absl::InfiniteFuture();
  for (const int column : {0, 1}) {
    if (!sql_.next_due.IsNull(column)) next = std::min(next, absl::FromUnixMicros(sql_.next_due.Int(column)));
  }
  return next;
}

void Writer::RenewLogId() {
  ledger_.log_id =
      absl::Uniform<int64_t>(random_, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
}

absl::StatusOr<int> Writer::RecoverInterrupted(int limit) {
  SPOOL_ASSIGN_OR_RETURN(const std::vector<int64_t> running, Sequences(sql_.running.Bind(1, limit)));
  for (const int64_t seq : running) {
    SPOOL_ASSIGN_OR_RETURN(Row row, LoadBySeq(seq));
    SPOOL_RETURN_IF_ERROR(HandBackRow(std::move(row), job::Interruption::kCrash).status());
  }
  return static_cast<int>(running.size());
}

absl::StatusOr<Compacted> Writer::Compact(const Retention& retention) {
  Compacted done;
  SPOOL_ASSIGN_OR_RETURN(done.events, CompactEvents(retention, done.more));
  SPOOL_ASSIGN_OR_RETURN(done.jobs, CompactJobs(retention, done.more));
  return done;
}

absl::StatusOr<int64_t> Writer::CompactEvents(const Retention& retention, bool& more) {
  const int64_t oldest_at = absl::ToUnixMicros(clock_->Now() - retention.max_event_age);
  int64_t removed = 0, bytes = 0;
  {
    sqlite::Statement& select = sql_.oldest_events;
    sqlite::ScopedReset reset(select);
    select.Bind(1, ledger_.earliest).Bind(2, kCompactLimit);
    for (;;) {
      SPOOL_ASSIGN_OR_RETURN(const bool row, Sql(select.Step()));
      if (!row) break;
      const int64_t kept = ledger_.head - select.Int(0) + 1;
      const bool goes = kept > retention.max_events || ledger_.event_bytes - bytes > retention.max_event_bytes ||
                        select.Int(1) < oldest_at;
      if (!goes) break;
      ++removed;
      bytes += select.Int(2);
    }
  }
  if (removed == 0) return 0;
  more = more || removed == kCompactLimit;
  ledger_.earliest += removed;
  ledger_.event_bytes -= bytes;
  SPOOL_RETURN_IF_ERROR(Sql(sql_.delete_events.Bind(1, ledger_.earliest).Run()));
  Pass(FailPoint::kInCompaction);
  return removed;
}

absl::StatusOr<int64_t> Writer::CompactJobs(const Retention& retention, bool& more) {
  const int64_t finished = ledger_.JobsIn(v1::JOB_STATE_COMPLETED) + ledger_.JobsIn(v1::JOB_STATE_FAILED) +
                           ledger_.JobsIn(v1::JOB_STATE_CANCELLED);
  const int64_t surplus = std::min<int64_t>(finished - retention.max_finished_jobs, kCompactLimit);
  sqlite::Statement& select = surplus > 0 ? sql_.oldest_finished : sql_.finished_before;
  if (surplus > 0) {
    select.Bind(1, surplus);
  } else {
    select.Bind(1, absl::ToUnixMicros(clock_->Now() - retention.max_job_age)).Bind(2, kCompactLimit);
  }
  SPOOL_ASSIGN_OR_RETURN(const std::vector<int64_t> going, Sequences(select));
  for (const int64_t seq : going) {
    SPOOL_ASSIGN_OR_RETURN(const Row row, LoadBySeq(seq));
    SPOOL_RETURN_IF_ERROR(Sql(sql_.delete_job.Bind(1, seq).Run()));
    --ledger_.jobs[row.job.type()][row.old_state];
  }
  more = more || surplus > 0 || static_cast<int>(going.size()) == kCompactLimit;
  return static_cast<int64_t>(going.size());
}

}  // namespace spool::store

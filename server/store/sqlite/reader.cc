#include "server/store/sqlite/reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/errors.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"
#include "server/store/sqlite/schema.h"

namespace spool::store {
namespace {

// Rows looked at for one page: a filter that matches little gives short pages rather than long waits.
constexpr int kMaxScan = 50000;
// Records of one page, about: a page must fit into a message that clients accept by default, 4 MiB.
constexpr size_t kMaxPageBytes = 2 << 20;

absl::StatusOr<v1::Job> ParseJob(absl::string_view record, int64_t seq) {
  v1::Job job;
  if (!job.ParseFromArray(record.data(), static_cast<int>(record.size()))) {
    return Error(absl::StatusCode::kDataLoss, "STORE_CORRUPT",
                 absl::StrCat("the record of job ", seq, " cannot be read"));
  }
  return job;
}

template <typename Repeated, typename Value>
bool Allows(const Repeated& wanted, const Value& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool HasLabels(const v1::Job& job, const v1::JobFilter& filter) {
  for (const auto& [key, value] : filter.labels()) {
    const auto found = job.labels().find(key);
    if (found == job.labels().end() || found->second != value) return false;
  }
  return true;
}

// JSON array of strings: SQLite's json_each makes it a table, so that one prepared statement serves any number.
std::string JsonArray(const google::protobuf::RepeatedPtrField<std::string>& values) {
  return absl::StrCat("[",
                      absl::StrJoin(values, ",",
                                    [](std::string* out, const std::string& value) {
                                      *out += '"';
                                      for (const char c : value) {
                                        if (c == '"' || c == '\\') *out += '\\';
                                        // Control characters never match: no id or video id has one.
                                        *out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
                                      }
                                      *out += '"';
                                    }),
                      "]");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Reader>> Reader::Open(const std::string& path, const QueueIndex* index) {
  SPOOL_ASSIGN_OR_RETURN(sqlite::Database database, sqlite::Database::Open(path, sqlite::Database::Mode::kReadOnly));
  std::unique_ptr<Reader> reader(new Reader(std::move(database), index));
  SPOOL_RETURN_IF_ERROR(reader->Prepare());
  return reader;
}

absl::Status Reader::Prepare() {
  SPOOL_ASSIGN_OR_RETURN(ledger_table_, LedgerTable::Open(database_));
  // One statement: one view for the job and the log's end.
  SPOOL_ASSIGN_OR_RETURN(job_by_id_, database_.Prepare("SELECT seq, place, record, (SELECT head FROM ledger) FROM jobs"
                                                       " WHERE recent = substr(?1, -26) AND id = ?1"));
  SPOOL_ASSIGN_OR_RETURN(
      jobs_before_,
      database_.Prepare("SELECT seq, state, type, record FROM jobs WHERE seq < ? ORDER BY seq DESC LIMIT ?"));
  SPOOL_ASSIGN_OR_RETURN(
      jobs_of_ids_, database_.Prepare("SELECT seq, state, type, record FROM jobs WHERE seq < ? AND seq IN (SELECT j.seq"
                                      " FROM json_each(?) AS asked CROSS JOIN jobs AS j WHERE"
                                      " j.recent = substr(asked.value, -26) AND j.id = asked.value)"
                                      " ORDER BY seq DESC LIMIT ?"));
  SPOOL_ASSIGN_OR_RETURN(jobs_of_videos_,
                         database_.Prepare("SELECT seq, state, type, record FROM jobs WHERE seq < ? AND video_id <> ''"
                                           " AND video_id IN (SELECT value FROM json_each(?)) AND seq >> 13 = ?"
                                           " ORDER BY seq DESC"));
  static_assert(kVideoStretchBits == 13, "jobs_of_videos_ and the index have it in their words");
  SPOOL_ASSIGN_OR_RETURN(jobs_ends_,
                         database_.Prepare("SELECT (SELECT min(seq) FROM jobs), (SELECT max(seq) FROM jobs)"));
  SPOOL_ASSIGN_OR_RETURN(jobs_after_,
                         database_.Prepare("SELECT seq, record FROM jobs WHERE seq > ? ORDER BY seq LIMIT ?"));
  SPOOL_ASSIGN_OR_RETURN(first_queued_, database_.Prepare("SELECT seq, record FROM jobs WHERE state = 2 AND lane = ?"
                                                          " AND priority = ? ORDER BY place LIMIT 1"));
  SPOOL_ASSIGN_OR_RETURN(events_, database_.Prepare("SELECT seq, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?"));
  return absl::OkStatus();
}

absl::StatusOr<StoredJob> Reader::GetJob(absl::string_view job_id) {
  sqlite::ScopedReset reset(job_by_id_);
  SPOOL_ASSIGN_OR_RETURN(const bool found, job_by_id_.BindText(1, job_id).Step());
  if (!found) {
    return WithResource(Error(absl::StatusCode::kNotFound, "JOB_NOT_FOUND", absl::StrCat("there is no job ", job_id),
                              {{"jobId", std::string(job_id)}}),
                        "job", job_id);
  }
  StoredJob stored;
  const int64_t place = job_by_id_.Int(1);
  SPOOL_ASSIGN_OR_RETURN(stored.job, ParseJob(job_by_id_.Bytes(2), job_by_id_.Int(0)));
  stored.head = job_by_id_.Int(3);
  if (stored.job.state() == v1::JOB_STATE_QUEUED) {
    stored.job.set_queue_position(index_->AheadOf(stored.job.priority(), place) + 1);
  }
  return stored;
}

absl::StatusOr<JobPage> Reader::ListJobs(const v1::JobFilter& filter, int limit, int64_t before) {
  if (before == 0) before = INT64_MAX;
  PageScan scan{filter, limit};
  if (!filter.job_ids().empty()) {
    jobs_of_ids_.Bind(1, before).BindText(2, JsonArray(filter.job_ids())).Bind(3, kMaxScan);
    SPOOL_RETURN_IF_ERROR(ScanRows(jobs_of_ids_, scan));
  } else if (!filter.video_ids().empty() && !Allows(filter.video_ids(), "")) {
    SPOOL_RETURN_IF_ERROR(ScanVideos(before, scan));
  } else {
    jobs_before_.Bind(1, before).Bind(2, kMaxScan);
    SPOOL_RETURN_IF_ERROR(ScanRows(jobs_before_, scan));
  }
  // The scan's own limit ends a page, not the list.
  if (scan.rows >= kMaxScan) scan.full = true;
  scan.page.next = scan.full ? scan.last : 0;
  return std::move(scan.page);
}

absl::Status Reader::ScanVideos(int64_t before, PageScan& scan) {
  // One view for all stretches.
  SPOOL_ASSIGN_OR_RETURN(const sqlite::Transaction view,
                         sqlite::Transaction::Begin(database_, sqlite::Transaction::Kind::kRead));
  int64_t first, last;
  {
    sqlite::ScopedReset reset(jobs_ends_);
    SPOOL_RETURN_IF_ERROR(jobs_ends_.Step().status());
    if (jobs_ends_.IsNull(0)) return absl::OkStatus();
    first = jobs_ends_.Int(0);
    last = std::min(jobs_ends_.Int(1), before - 1);
  }
  const std::string videos = JsonArray(scan.filter.video_ids());
  for (int64_t stretch = last >> kVideoStretchBits; stretch >= first >> kVideoStretchBits; --stretch) {
    jobs_of_videos_.Bind(1, before).BindText(2, videos).Bind(3, stretch);
    SPOOL_RETURN_IF_ERROR(ScanRows(jobs_of_videos_, scan));
    if (scan.full || scan.rows >= kMaxScan) break;
  }
  return absl::OkStatus();
}

absl::Status Reader::ScanRows(sqlite::Statement& rows, PageScan& scan) {
  sqlite::ScopedReset reset(rows);
  const v1::JobFilter& filter = scan.filter;
  for (;; ++scan.rows) {
    SPOOL_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return absl::OkStatus();
    const int64_t seq = rows.Int(0);
    if (Allows(filter.states(), rows.Int(1)) && Allows(filter.types(), rows.Int(2))) {
      SPOOL_ASSIGN_OR_RETURN(v1::Job job, ParseJob(rows.Bytes(3), seq));
      if (Allows(filter.video_ids(), job.video_id()) && Allows(filter.job_ids(), job.id()) && HasLabels(job, filter)) {
        if (static_cast<int>(scan.page.jobs.size()) == scan.limit || scan.bytes > kMaxPageBytes) {
          scan.full = true;
          return absl::OkStatus();
        }
        scan.bytes += rows.Bytes(3).size();
        scan.page.jobs.push_back(std::move(job));
      }
    }
    scan.last = seq;
  }
}

absl::StatusOr<StoreFigures> Reader::ReadFigures() {
  SPOOL_ASSIGN_OR_RETURN(const Ledger ledger, ReadLedger());
  StoreFigures figures;
  figures.stats = ledger.ToStats();
  figures.jobs_by_type = ledger.JobsByType();
  figures.log_bytes = ledger.event_bytes;
  // Few priorities are in use, and of each lane the index gives the first at once.
  for (const int priority : index_->Priorities()) {
    for (const int lane : {0, 1}) {
      sqlite::ScopedReset reset(first_queued_);
      SPOOL_ASSIGN_OR_RETURN(const bool row, first_queued_.Bind(1, lane).Bind(2, priority).Step());
      if (!row) continue;
      SPOOL_ASSIGN_OR_RETURN(const v1::Job job, ParseJob(first_queued_.Bytes(1), first_queued_.Int(0)));
      figures.oldest_queued = std::min(figures.oldest_queued, FromProto(job.queued_at()));
    }
  }
  return figures;
}

absl::StatusOr<std::vector<StoredEvent>> Reader::ReadEvents(int64_t after, int max_events, int64_t max_bytes) {
  SPOOL_ASSIGN_OR_RETURN(const sqlite::Transaction view,
                         sqlite::Transaction::Begin(database_, sqlite::Transaction::Kind::kRead));
  SPOOL_ASSIGN_OR_RETURN(const Ledger ledger, ledger_table_->Read());
  if (after + 1 < ledger.earliest) {
    return absl::OutOfRangeError(absl::StrCat("events before ", ledger.earliest, " are gone"));
  }
  std::vector<StoredEvent> events;
  sqlite::ScopedReset reset(events_);
  events_.Bind(1, after).Bind(2, max_events);
  int64_t bytes = 0;
  int64_t expected = after + 1;
  while (bytes < max_bytes) {
    SPOOL_ASSIGN_OR_RETURN(const bool row, events_.Step());
    if (!row) {
      if (static_cast<int>(events.size()) < max_events && expected <= ledger.head) break;
      return events;
    }
    if (events_.Int(0) != expected) break;
    events.push_back({expected++, std::string(events_.Bytes(1))});
    bytes += static_cast<int64_t>(events.back().bytes.size());
  }
  if (bytes >= max_bytes) return events;
  return Error(absl::StatusCode::kDataLoss, "LOG_CORRUPT", absl::StrCat("event ", expected, " is missing from the log"),
               {{"sequence", absl::StrCat(expected)}});
}

absl::StatusOr<std::unique_ptr<Snapshot>> SqliteSnapshot::Open(const std::string& path, const QueueIndex* index) {
  SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<Reader> reader, Reader::Open(path, index));
  SPOOL_ASSIGN_OR_RETURN(sqlite::Transaction view,
                         sqlite::Transaction::Begin(reader->database_, sqlite::Transaction::Kind::kRead));
  SPOOL_ASSIGN_OR_RETURN(const Ledger ledger, reader->ReadLedger());
  return std::unique_ptr<Snapshot>(new SqliteSnapshot(std::move(reader), std::move(view), ledger.head));
}

absl::StatusOr<std::vector<v1::Job>> SqliteSnapshot::Next(int limit) {
  std::vector<v1::Job> jobs;
  sqlite::Statement& rows = reader_->jobs_after_;
  sqlite::ScopedReset reset(rows);
  rows.Bind(1, last_seq_).Bind(2, limit);
  for (;;) {
    SPOOL_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return jobs;
    last_seq_ = rows.Int(0);
    SPOOL_ASSIGN_OR_RETURN(v1::Job job, ParseJob(rows.Bytes(1), last_seq_));
    jobs.push_back(std::move(job));
  }
}

}  // namespace spool::store

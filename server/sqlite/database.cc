#include "server/sqlite/database.h"

#include <sqlite3.h>

#include <mutex>

#include "absl/strings/str_cat.h"
#include "server/base/failpoint.h"
#include "server/base/status_macros.h"
#include "server/sqlite/error.h"

namespace spool::sqlite {

absl::string_view LibraryVersion() { return sqlite3_libversion(); }

void Database::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

absl::StatusOr<Database> Database::Open(const std::string& path, Mode mode) {
  // Figures of its memory, which nobody reads, would cost a lock for each piece. Refused, and no harm, where SQLite is
  // in use already.
  static std::once_flag configured;
  std::call_once(configured, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
  const int flags = mode == Mode::kReadWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* raw = nullptr;
  const int rc = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  Database database(raw);
  if (rc != SQLITE_OK) return ErrorOf(raw, absl::StrCat("open ", path));
  SPOOL_RETURN_IF_ERROR(database.Execute("PRAGMA busy_timeout = 10000"));
  if (mode == Mode::kReadWrite) {
    SPOOL_RETURN_IF_ERROR(
        database.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000;"
                         // Checkpoints run inside a commit; fewer and larger ones cost less in sum.
                         "PRAGMA wal_autocheckpoint = 4000; PRAGMA foreign_keys = ON"));
  } else {
    SPOOL_RETURN_IF_ERROR(database.Execute("PRAGMA query_only = ON; PRAGMA cache_size = -4000"));
  }
  return database;
}

absl::Status Database::CheckIntegrity(int64_t max_bytes) {
  SPOOL_ASSIGN_OR_RETURN(Statement size,
                         Prepare("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"));
  SPOOL_ASSIGN_OR_RETURN(const bool sized, size.Step());
  if (!sized || size.Int(0) > max_bytes) return absl::OkStatus();
  size.Reset();
  SPOOL_ASSIGN_OR_RETURN(Statement check, Prepare("PRAGMA integrity_check(1)"));
  SPOOL_ASSIGN_OR_RETURN(const bool checked, check.Step());
  if (!checked) return absl::DataLossError("the integrity check gave no answer");
  if (check.Bytes(0) == "ok") return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the database is damaged: ", check.Bytes(0)));
}

absl::Status Database::Migrate(absl::Span<const char* const> migrations) {
  SPOOL_ASSIGN_OR_RETURN(Statement get, Prepare("PRAGMA user_version"));
  SPOOL_ASSIGN_OR_RETURN(const bool found, get.Step());
  const int64_t version = found ? get.Int(0) : 0;
  get.Reset();
  if (version > static_cast<int64_t>(migrations.size())) {
    return absl::FailedPreconditionError(absl::StrCat("the database has schema version ", version,
                                                      ", newer than this program knows (", migrations.size(), ")"));
  }
  for (int64_t next = version; next < static_cast<int64_t>(migrations.size()); ++next) {
    SPOOL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(*this, Transaction::Kind::kWrite));
    SPOOL_RETURN_IF_ERROR(Execute(migrations[next]));
    Pass(FailPoint::kInMigration);
    // PRAGMA takes no parameters.
    SPOOL_RETURN_IF_ERROR(Execute(absl::StrCat("PRAGMA user_version = ", next + 1).c_str()));
    SPOOL_RETURN_IF_ERROR(transaction.Commit());
  }
  return absl::OkStatus();
}

absl::StatusOr<Statement> Database::Prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(db_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    return ErrorOf(db_.get(), "prepare a statement");
  }
  return Statement(statement);
}

absl::Status Database::Execute(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return ErrorOf(db_.get(), "run a statement");
  }
  return absl::OkStatus();
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

// A failing bind (bad index, out of memory) shows as a missing parameter; both are our own mistakes or fatal, and the
// step after it then fails on a NOT NULL column, so the result of each bind is not looked at.
Statement& Statement::Bind(int index, int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

Statement& Statement::BindText(int index, absl::string_view value) {
  sqlite3_bind_text64(statement_.get(), index, value.data() == nullptr ? "" : value.data(), value.size(),
                      SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::BindBlob(int index, absl::string_view value) {
  sqlite3_bind_blob64(statement_.get(), index, value.data() == nullptr ? "" : value.data(), value.size(),
                      SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::BindNull(int index) {
  sqlite3_bind_null(statement_.get(), index);
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  const int rc = sqlite3_step(statement_.get());
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) {
    Reset();
    return false;
  }
  absl::Status status = ErrorOf(sqlite3_db_handle(statement_.get()), "run a statement");
  Reset();
  return status;
}

absl::Status Statement::Run() {
  SPOOL_ASSIGN_OR_RETURN(const bool row, Step());
  if (row) Reset();
  return absl::OkStatus();
}

int64_t Statement::Changes() const { return sqlite3_changes64(sqlite3_db_handle(statement_.get())); }

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }

bool Statement::IsNull(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

absl::string_view Statement::Bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return absl::string_view(static_cast<const char*>(data), data == nullptr ? 0 : size);
}

void Statement::Reset() {
  // The error of the last step was reported by Step itself.
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

absl::StatusOr<Transaction> Transaction::Begin(Database& database, Kind kind) {
  SPOOL_RETURN_IF_ERROR(database.Execute(kind == Kind::kWrite ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED"));
  return Transaction(database.db_.get());
}

Transaction::~Transaction() {
  // SQLite itself rolls back after some errors (a full disk); then this one fails and there is nothing to undo.
  if (db_ != nullptr) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

absl::Status Transaction::Commit() {
  if (sqlite3_exec(db_, "COMMIT", nullptr, nullptr, nullptr) != SQLITE_OK) {
    absl::Status status = ErrorOf(db_, "commit");
    sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
    db_ = nullptr;
    return status;
  }
  db_ = nullptr;
  return absl::OkStatus();
}

}  // namespace spool::sqlite

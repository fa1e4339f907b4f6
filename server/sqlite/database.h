// SQLite in three small classes: Database, Statement, Transaction.

#ifndef SPOOL_SERVER_SQLITE_DATABASE_H_
#define SPOOL_SERVER_SQLITE_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

struct sqlite3;
struct sqlite3_stmt;

namespace spool::sqlite {

// Of the library, such as "3.40.1".
absl::string_view LibraryVersion();

class Statement;

// One connection. Not thread-safe: each thread has its own, or takes turns.
class Database {
 public:
  enum class Mode { kReadWrite, kReadOnly };

  // Opens the file (kReadWrite makes it if it is missing) in WAL mode; commits of a kReadWrite connection return once
  // they would survive a loss of power (synchronous=FULL). Errors as in error.h.
  static absl::StatusOr<Database> Open(const std::string& path, Mode mode);

  // Reads the whole file and compares every index with its table, unless it is larger than `max_bytes`: some 200 MB/s.
  // DataLoss says what is wrong first.
  absl::Status CheckIntegrity(int64_t max_bytes);

  // Brings the schema to the newest version: migrations[i] is a script that leads from version i to i + 1, each run in
  // a transaction of its own. FailedPrecondition if the file is of a newer version than is known here.
  absl::Status Migrate(absl::Span<const char* const> migrations);

  // For the life of this Database. `sql` is one statement and must be a literal of ours.
  absl::StatusOr<Statement> Prepare(const char* sql);
  // Runs a script that returns nothing.
  absl::Status Execute(const char* sql);

 private:
  friend class Transaction;
  struct Close {
    void operator()(sqlite3* db) const;
  };
  explicit Database(sqlite3* db) : db_(db) {}
  std::unique_ptr<sqlite3, Close> db_;
};

// A prepared statement. One use: Bind…, Step until it says false, then the Row scope resets it.
class Statement {
 public:
  Statement() = default;

  // Parameters count from 1. Text and blobs are copied.
  Statement& Bind(int index, int64_t value);
  Statement& Bind(int index, int value) { return Bind(index, static_cast<int64_t>(value)); }
  Statement& BindText(int index, absl::string_view value);
  Statement& BindBlob(int index, absl::string_view value);
  Statement& BindNull(int index);
  // Anything else would be converted to an integer without a word.
  template <typename T>
  Statement& Bind(int index, T value) = delete;

  // True: a row is there. False: there is none, or no more; the statement is reset. Also reset after an error.
  absl::StatusOr<bool> Step();
  // Runs a statement that returns no rows.
  absl::Status Run();
  // Rows that the last Run changed.
  int64_t Changes() const;

  // Columns count from 0. Views live until the next Step or Reset.
  int64_t Int(int column) const;
  bool IsNull(int column) const;
  absl::string_view Bytes(int column) const;

  // Ends a row loop that is left early, so that no read lock stays.
  void Reset();

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Resets a statement when the scope ends.
class ScopedReset {
 public:
  explicit ScopedReset(Statement& statement) : statement_(statement) {}
  ~ScopedReset() { statement_.Reset(); }
  ScopedReset(const ScopedReset&) = delete;
  ScopedReset& operator=(const ScopedReset&) = delete;

 private:
  Statement& statement_;
};

// All or nothing. Rolls back when destroyed before Commit.
class Transaction {
 public:
  enum class Kind {
    kRead,   // a consistent view; taken at the first read
    kWrite,  // takes the write lock at once
  };
  static absl::StatusOr<Transaction> Begin(Database& database, Kind kind);
  Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // After an error nothing of the transaction stays.
  [[nodiscard]] absl::Status Commit();

 private:
  explicit Transaction(sqlite3* db) : db_(db) {}
  sqlite3* db_;
};

}  // namespace spool::sqlite

#endif  // SPOOL_SERVER_SQLITE_DATABASE_H_

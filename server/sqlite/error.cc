#include "server/sqlite/error.h"

#include <sqlite3.h>

#include "absl/strings/str_cat.h"

namespace spool::sqlite {
namespace {

absl::StatusCode CodeOf(int rc) {
  switch (rc & 0xff) {
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_INTERRUPT:
      return absl::StatusCode::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::StatusCode::kFailedPrecondition;
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kAlreadyExists;
    default:
      return absl::StatusCode::kInternal;
  }
}

}  // namespace

absl::Status ErrorOf(sqlite3* db, absl::string_view what) {
  const int rc = db == nullptr ? SQLITE_NOMEM : sqlite3_extended_errcode(db);
  return absl::Status(
      CodeOf(rc), absl::StrCat(what, ": ", db == nullptr ? "out of memory" : sqlite3_errmsg(db), " (sqlite ", rc, ")"));
}

}  // namespace spool::sqlite

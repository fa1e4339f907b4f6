// SQLite's result codes as absl::Status.

#ifndef SPOOL_SERVER_SQLITE_ERROR_H_
#define SPOOL_SERVER_SQLITE_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

struct sqlite3;

namespace spool::sqlite {

// The error that `db` reports now, with `what` was tried. Full disk: ResourceExhausted. Locked or I/O error:
// Unavailable. Damaged: DataLoss. Read-only or unopenable: FailedPrecondition. Our own mistakes: Internal. The text
// names no SQL.
absl::Status ErrorOf(sqlite3* db, absl::string_view what);

}  // namespace spool::sqlite

#endif  // SPOOL_SERVER_SQLITE_ERROR_H_

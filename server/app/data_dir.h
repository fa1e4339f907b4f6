// The folder that holds the store: one server at a time.

#ifndef SPOOL_SERVER_APP_DATA_DIR_H_
#define SPOOL_SERVER_APP_DATA_DIR_H_

#include <string>

#include "absl/status/statusor.h"
#include "server/base/unique_fd.h"

namespace spool::app {

// Makes the folder if it is missing, and holds a lock on it for as long as the result lives; the kernel drops it
// however the process ends. FailedPrecondition: not writable, or in use by another spoold (named by its pid).
absl::StatusOr<UniqueFd> LockDataDir(const std::string& path);

// Makes a folder and its parents. FailedPrecondition says which `what` cannot be made.
absl::Status MakeFolders(const std::string& path, absl::string_view what);

}  // namespace spool::app

#endif  // SPOOL_SERVER_APP_DATA_DIR_H_

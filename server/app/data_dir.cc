#include "server/app/data_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/posix_error.h"
#include "server/base/status_macros.h"

namespace spool::app {

absl::Status MakeFolders(const std::string& path, absl::string_view what) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return absl::FailedPreconditionError(absl::StrCat(what, " ", path, " cannot be made: ", error.message()));
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> LockDataDir(const std::string& path) {
  SPOOL_RETURN_IF_ERROR(MakeFolders(path, "data folder"));
  const std::string name = path + "/spoold.lock";
  UniqueFd lock(open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid()) {
    return absl::FailedPreconditionError(
        absl::StrCat("data folder is not writable: ", PosixError(errno, name).message()));
  }
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    char owner[32] = {};
    const ssize_t size = pread(lock.get(), owner, sizeof(owner) - 1, 0);
    const absl::string_view pid = absl::StripAsciiWhitespace(absl::string_view(owner, size > 0 ? size : 0));
    return absl::FailedPreconditionError(
        absl::StrCat("data folder ", path, " is in use by another spoold", pid.empty() ? "" : ", pid ", pid));
  }
  const std::string pid = absl::StrCat(getpid(), "\n");
  if (ftruncate(lock.get(), 0) != 0 || pwrite(lock.get(), pid.data(), pid.size(), 0) < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("data folder is not writable: ", PosixError(errno, name).message()));
  }
  return lock;
}

}  // namespace spool::app

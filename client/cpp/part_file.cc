#include "client/cpp/part_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "server/base/posix_error.h"

namespace spool::client {
namespace {

// mkostemp makes private files; this is what open() would have given.
mode_t RightsOfNewFile() {
  // There is no way to read the umask but to set it. The window is harmless: nothing else makes files meanwhile.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

}  // namespace

absl::StatusOr<PartFile> PartFile::Create(const std::string& destination) {
  std::string path = absl::StrCat(destination, ".part-XXXXXX");
  UniqueFd fd(::mkostemp(path.data(), O_CLOEXEC));
  if (!fd.valid()) return PosixError(errno, absl::StrCat("create ", path));
  PartFile file(destination, std::move(path), std::move(fd));
  if (::fchmod(file.fd_.get(), RightsOfNewFile()) != 0) return PosixError(errno, absl::StrCat("chmod ", file.path_));
  return file;
}

PartFile::~PartFile() {
  // Best effort: there is nobody left to tell.
  if (!path_.empty()) ::unlink(path_.c_str());
}

absl::Status PartFile::Append(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return PosixError(errno, absl::StrCat("write ", path_));
    bytes.remove_prefix(put);
  }
  return absl::OkStatus();
}

absl::Status PartFile::Publish(Existing existing) {
  if (::fsync(fd_.get()) != 0) return PosixError(errno, absl::StrCat("sync ", path_));
  const unsigned flags = existing == Existing::kKeep ? RENAME_NOREPLACE : 0;
  if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, destination_.c_str(), flags) != 0) {
    return PosixError(errno, absl::StrCat("rename to ", destination_));
  }
  path_.clear();
  return absl::OkStatus();
}

}  // namespace spool::client

#include "server/auth/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/time/time.h"
#include "server/base/posix_error.h"
#include "server/base/unique_fd.h"

namespace spool::auth {
namespace {

constexpr absl::Duration kTick = absl::Seconds(1);
constexpr int64_t kMaxFileBytes = 16 << 20;

std::vector<FileVersion> VersionsOf(const std::vector<std::string>& paths) {
  std::vector<FileVersion> versions;
  for (const std::string& path : paths) {
    struct stat info;
    if (stat(path.c_str(), &info) != 0) info = {};
    versions.push_back({static_cast<int64_t>(info.st_dev), static_cast<int64_t>(info.st_ino), info.st_size,
                        info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ctim.tv_sec, info.st_ctim.tv_nsec});
  }
  return versions;
}

}  // namespace

absl::StatusOr<std::string> ReadConfigFile(const std::string& path, Readers readers) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return PosixError(errno, "open");
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return PosixError(errno, "stat");
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError("is not a regular file");
  if (readers == Readers::kNobodyElse && (info.st_mode & S_IRWXO) != 0) {
    return absl::InvalidArgumentError("others may read or write it: take that from them with chmod o-rwx");
  }
  if (info.st_size > kMaxFileBytes) return absl::InvalidArgumentError("is larger than 16 MiB");
  std::string text(static_cast<size_t>(info.st_size), '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(fd.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return PosixError(errno, "read");
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  return text;
}

FileWatch::FileWatch(std::vector<std::string> paths, std::function<void()> on_change)
    : paths_(std::move(paths)),
      on_change_(std::move(on_change)),
      seen_(VersionsOf(paths_)),
      thread_([this] { Run(); }) {}

FileWatch::~FileWatch() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
}

void FileWatch::Run() {
  const auto stopping = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_; };
  for (;;) {
    {
      MutexLock lock(&mu_);
      if (mu_.AwaitWithTimeout(Condition(&stopping), kTick)) return;
    }
    std::vector<FileVersion> now = VersionsOf(paths_);
    if (now == seen_) continue;
    // Looked at before it is read: what changes meanwhile is seen the next time.
    seen_ = std::move(now);
    on_change_();
  }
}

}  // namespace spool::auth

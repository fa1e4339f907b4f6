#include "server/executor/quarantine.h"

#include <errno.h>
#include <sys/stat.h>

#include "server/base/posix_error.h"

namespace spool::executor {

absl::StatusOr<InputIdentity> InputIdentity::Of(int fd) {
  struct stat file;
  if (fstat(fd, &file) != 0) return PosixError(errno, "look at the input");
  InputIdentity id;
  id.device = file.st_dev;
  id.inode = file.st_ino;
  id.size = file.st_size;
  id.changed_nanos = int64_t{file.st_mtim.tv_sec} * 1000000000 + file.st_mtim.tv_nsec;
  return id;
}

bool Quarantine::AddDeath(const InputIdentity& input) {
  MutexLock lock(&mu_);
  const auto [entry, is_new] = deaths_.try_emplace(input);
  Deaths& deaths = entry->second;
  if (!is_new) order_.erase(deaths.place);
  deaths.place = order_.insert(order_.end(), input);
  const bool is_held = ++deaths.count >= kMostDeaths;
  if (order_.size() > max_inputs_) {
    deaths_.erase(order_.front());
    order_.pop_front();
  }
  return is_held;
}

bool Quarantine::Holds(const InputIdentity& input) const {
  MutexLock lock(&mu_);
  const auto entry = deaths_.find(input);
  return entry != deaths_.end() && entry->second.count >= kMostDeaths;
}

}  // namespace spool::executor

// Files that an operator may change while the server runs.

#ifndef SPOOL_SERVER_AUTH_FILES_H_
#define SPOOL_SERVER_AUTH_FILES_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "server/base/mutex.h"

namespace spool::auth {

// Who, besides its owner and group, may read a file.
enum class Readers { kNobodyElse, kAnybody };

// A regular file of at most 16 MiB, whole. InvalidArgument: it is another kind of file, larger, or others may read or
// write it although `readers` says nobody else (the message says how to mend that).
absl::StatusOr<std::string> ReadConfigFile(const std::string& path, Readers readers);

// Tells one state of a file from another: device, inode, size, times. All zeros when there is no file.
using FileVersion = std::array<int64_t, 7>;

// Looks once a second whether one of the files has changed (inode, size or times), and says so. A file may be missing.
class FileWatch {
 public:
  // What is changed from now on counts. `on_change` is called on a thread of this, one call at a time.
  FileWatch(std::vector<std::string> paths, std::function<void()> on_change);
  // Waits for a call under way.
  ~FileWatch();

 private:
  void Run();

  const std::vector<std::string> paths_;
  const std::function<void()> on_change_;
  // As they were when the watch began, or was last told.
  std::vector<FileVersion> seen_;
  Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace spool::auth

#endif  // SPOOL_SERVER_AUTH_FILES_H_

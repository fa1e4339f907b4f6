// A file in the making: under a temporary name until it is complete.

#ifndef SPOOL_CLIENT_CPP_PART_FILE_H_
#define SPOOL_CLIENT_CPP_PART_FILE_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/unique_fd.h"

namespace spool::client {

// What to do with a file that already has the destination's name.
enum class Existing { kReplace, kKeep };

// Removes its file when destroyed unpublished. Not thread-safe. Errors are those of the file system, by PosixError.
class PartFile {
 public:
  // Makes an empty file beside `destination`, with the rights that a new file has by the umask.
  static absl::StatusOr<PartFile> Create(const std::string& destination);
  PartFile(PartFile&& other) noexcept
      : destination_(std::move(other.destination_)), path_(std::exchange(other.path_, "")), fd_(std::move(other.fd_)) {}
  PartFile& operator=(PartFile&&) = delete;
  ~PartFile();

  // Adds `bytes` at the end.
  absl::Status Append(absl::string_view bytes);

  // Syncs the file and gives it its final name. ALREADY_EXISTS: the name is taken and its file is to be kept.
  absl::Status Publish(Existing existing);

 private:
  PartFile(std::string destination, std::string path, UniqueFd fd)
      : destination_(std::move(destination)), path_(std::move(path)), fd_(std::move(fd)) {}

  std::string destination_;
  std::string path_;  // Empty once published or moved from.
  UniqueFd fd_;
};

}  // namespace spool::client

#endif  // SPOOL_CLIENT_CPP_PART_FILE_H_

// The folders that media lies in. No path leaves its root, by any spelling or link: the kernel resolves each one
// beneath the root's descriptor (openat2, RESOLVE_BENEATH), so there is no moment between a check and its use.

#ifndef SPOOL_SERVER_FILES_MEDIA_FILES_H_
#define SPOOL_SERVER_FILES_MEDIA_FILES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/ulid.h"
#include "server/base/unique_fd.h"

namespace spool::files {

// A file that is being written, out of everybody's sight. Removed when destroyed, unless it was published.
class StagedFile {
 public:
  StagedFile(StagedFile&& other) noexcept;
  StagedFile& operator=(StagedFile&&) = delete;
  ~StagedFile();

  int fd() const { return fd_.get(); }
  absl::StatusOr<int64_t> Size() const;
  // ResourceExhausted when the disk is full.
  absl::Status Append(absl::string_view bytes);

 private:
  friend class MediaFiles;
  StagedFile(int folder, std::string name, UniqueFd fd) : folder_(folder), name_(std::move(name)), fd_(std::move(fd)) {}
  const int folder_;  // MediaFiles' own
  std::string name_;  // empty once published
  UniqueFd fd_;
};

// Thread-safe.
class MediaFiles {
 public:
  struct Roots {
    std::string media_root;
    std::string output_root;
    std::string data_dir;
  };
  // Roots must exist; folders for staging and uploads are made. What earlier processes left in staging is removed.
  // FailedPrecondition says which root and why.
  static absl::StatusOr<std::unique_ptr<MediaFiles>> Open(const Roots& roots);

  // Whether a caller may name this input or output now: INVALID_ARGUMENT (PATH_ESCAPES) with the field if it leads out
  // of its root; NOT_FOUND (UPLOAD_NOT_FOUND) for an upload that is not there. A path to nothing is OK: it may come.
  absl::Status CheckInput(absl::string_view input) const;
  absl::Status CheckOutput(absl::string_view output, absl::string_view field = "output") const;

  // Opens a regular file for reading: a path under the media root or an upload. NOT_FOUND (INPUT_NOT_FOUND),
  // INVALID_ARGUMENT (PATH_ESCAPES, or not a regular file), PermissionDenied.
  absl::StatusOr<UniqueFd> OpenInput(absl::string_view input) const;

  // An empty file beside the outputs, readable and writable. ResourceExhausted when the disk or descriptors are out.
  absl::StatusOr<StagedFile> StageOutput();
  // Makes the staged file durable under its final name, replacing what was there; folders are made. After an OK the
  // file is complete under that name, also after a loss of power.
  absl::Status PublishOutput(StagedFile& staged, absl::string_view output);
  // NOT_FOUND (OUTPUT_NOT_FOUND).
  absl::StatusOr<UniqueFd> OpenOutput(absl::string_view output) const;

  absl::StatusOr<StagedFile> StageUpload();
  // Makes it durable; answers its id, "upload:{ULID}".
  absl::StatusOr<std::string> PublishUpload(StagedFile& staged, absl::string_view file_name);
  // The extension that the uploaded file's name had, or that of a path; lower case, may be empty.
  std::string InputExtension(absl::string_view input) const;
  // Removes uploads that are older than `age` and not in `in_use` (as "upload:{ULID}"). Answers how many.
  int RemoveUploadsOlderThan(absl::Duration age, const std::vector<std::string>& in_use);

 private:
  MediaFiles() = default;
  absl::StatusOr<StagedFile> Stage(int folder);

  UniqueFd media_root_, output_root_, output_staging_, uploads_, upload_staging_;
  UlidSource ulids_;
};

}  // namespace spool::files

#endif  // SPOOL_SERVER_FILES_MEDIA_FILES_H_

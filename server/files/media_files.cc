#include "server/files/media_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "server/base/errors.h"
#include "server/base/posix_error.h"
#include "server/base/status_macros.h"
#include "server/job/output_name.h"
#include "server/job/request.h"

namespace spool::files {
namespace {

// Beside the outputs, so that publishing is a rename within one file system.
constexpr char kStaging[] = ".spool-staging";
constexpr char kUploads[] = "uploads";
// Beside an upload: a link whose text is the extension of the file's old name.
constexpr char kHint[] = ".extension";

UniqueFd OpenBeneath(int root, absl::string_view path, int flags) {
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const std::string terminated(path);
  for (;;) {
    const int fd = static_cast<int>(syscall(SYS_openat2, root, terminated.c_str(), &how, sizeof(how)));
    // EAGAIN: a rename elsewhere raced with the resolution of "..", which the kernel asks to try again.
    if (fd >= 0 || (errno != EINTR && errno != EAGAIN)) return UniqueFd(fd);
  }
}

// EXDEV: out of the root. ELOOP: links in a circle, or a magic link.
bool Escapes(int error_number) { return error_number == EXDEV || error_number == ELOOP; }

absl::Status PathEscapes(absl::string_view field) { return FieldError(field, "leads out of its root", "PATH_ESCAPES"); }

absl::StatusOr<UniqueFd> OpenFolder(const std::string& path, absl::string_view what) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    const absl::Status why = PosixError(errno, path);
    return absl::FailedPreconditionError(absl::StrCat(what, " cannot be used: ", why.message()));
  }
  return fd;
}

absl::StatusOr<UniqueFd> MakeFolder(int parent, const char* name, absl::string_view what) {
  if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST) {
    const absl::Status why = PosixError(errno, absl::StrCat("make ", name, " in it"));
    return absl::FailedPreconditionError(absl::StrCat(what, " is not writable: ", why.message()));
  }
  UniqueFd fd(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return PosixError(errno, absl::StrCat(what, ": open ", name));
  return fd;
}

std::vector<std::string> NamesIn(int folder) {
  std::vector<std::string> names;
  DIR* dir = fdopendir(dup(folder));
  if (dir == nullptr) return names;
  const auto close_dir = absl::MakeCleanup([dir] { closedir(dir); });
  rewinddir(dir);
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

// Opens the folder that `path` lies in, making what is missing, one part at a time and each beneath the root.
absl::StatusOr<UniqueFd> OpenParent(int root, absl::string_view path) {
  std::vector<std::string> parts = absl::StrSplit(path, '/');
  parts.pop_back();
  UniqueFd folder(dup(root));
  std::string so_far;
  for (const std::string& part : parts) {
    absl::StrAppend(&so_far, so_far.empty() ? "" : "/", part);
    UniqueFd next = OpenBeneath(root, so_far, O_RDONLY | O_DIRECTORY);
    if (!next.valid() && errno == ENOENT) {
      if (mkdirat(folder.get(), part.c_str(), 0755) != 0 && errno != EEXIST) {
        return PosixError(errno, absl::StrCat("make folder ", so_far));
      }
      fsync(folder.get());
      next = OpenBeneath(root, so_far, O_RDONLY | O_DIRECTORY);
    }
    if (!next.valid()) {
      if (Escapes(errno)) return PathEscapes("output");
      return PosixError(errno, absl::StrCat("open folder ", so_far));
    }
    folder = std::move(next);
  }
  return folder;
}

}  // namespace

StagedFile::StagedFile(StagedFile&& other) noexcept
    : folder_(other.folder_), name_(std::exchange(other.name_, std::string())), fd_(std::move(other.fd_)) {}

StagedFile::~StagedFile() {
  if (!name_.empty()) unlinkat(folder_, name_.c_str(), 0);
}

absl::StatusOr<int64_t> StagedFile::Size() const {
  struct stat info;
  if (fstat(fd_.get(), &info) != 0) return PosixError(errno, "stat a staged file");
  return info.st_size;
}

absl::Status StagedFile::Append(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return PosixError(errno, "write a staged file");
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<MediaFiles>> MediaFiles::Open(const Roots& roots) {
  std::unique_ptr<MediaFiles> files(new MediaFiles);
  SPOOL_ASSIGN_OR_RETURN(files->media_root_, OpenFolder(roots.media_root, "media root"));
  SPOOL_ASSIGN_OR_RETURN(files->output_root_, OpenFolder(roots.output_root, "output root"));
  SPOOL_ASSIGN_OR_RETURN(const UniqueFd data_dir, OpenFolder(roots.data_dir, "data folder"));
  SPOOL_ASSIGN_OR_RETURN(files->output_staging_, MakeFolder(files->output_root_.get(), kStaging, "output root"));
  SPOOL_ASSIGN_OR_RETURN(files->uploads_, MakeFolder(data_dir.get(), kUploads, "data folder"));
  SPOOL_ASSIGN_OR_RETURN(files->upload_staging_, MakeFolder(files->uploads_.get(), kStaging, "data folder"));
  for (const UniqueFd* staging : {&files->output_staging_, &files->upload_staging_}) {
    for (const std::string& name : NamesIn(staging->get())) unlinkat(staging->get(), name.c_str(), 0);
  }
  return files;
}

absl::Status MediaFiles::CheckInput(absl::string_view input) const {
  const absl::string_view upload = job::UploadIdOf(input);
  if (!upload.empty()) {
    // In use: its age counts from now.
    if (utimensat(uploads_.get(), std::string(upload).c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0) {
      return absl::OkStatus();
    }
    return WithResource(
        Error(absl::StatusCode::kNotFound, "UPLOAD_NOT_FOUND", absl::StrCat("there is no upload ", input)), "media",
        input);
  }
  const UniqueFd fd = OpenBeneath(media_root_.get(), input, O_PATH);
  return !fd.valid() && Escapes(errno) ? PathEscapes("input") : absl::OkStatus();
}

absl::Status MediaFiles::CheckOutput(absl::string_view output, absl::string_view field) const {
  if (absl::StartsWith(output, kStaging)) return FieldError(field, "is reserved");
  // The longest part that exists decides: what is made later is made beneath it.
  for (absl::string_view path = output;;) {
    const UniqueFd fd = OpenBeneath(output_root_.get(), path, O_PATH);
    if (!fd.valid() && Escapes(errno)) return PathEscapes(field);
    if (fd.valid() && path != output) {
      struct stat info;
      if (fstat(fd.get(), &info) == 0 && !S_ISDIR(info.st_mode)) {
        return FieldError(field, absl::StrCat(path, " is not a folder"));
      }
      return absl::OkStatus();
    }
    if (fd.valid()) {
      struct stat info;
      if (fstat(fd.get(), &info) == 0 && S_ISDIR(info.st_mode)) return FieldError(field, "is a folder");
      return absl::OkStatus();
    }
    const size_t slash = path.rfind('/');
    if (slash == absl::string_view::npos) return absl::OkStatus();
    path = path.substr(0, slash);
  }
}

absl::StatusOr<UniqueFd> MediaFiles::OpenInput(absl::string_view input) const {
  const absl::string_view upload = job::UploadIdOf(input);
  // O_NONBLOCK: a FIFO must not hold us until somebody writes to it.
  const UniqueFd& root = upload.empty() ? media_root_ : uploads_;
  UniqueFd fd = OpenBeneath(root.get(), upload.empty() ? input : upload, O_RDONLY | O_NONBLOCK);
  if (!fd.valid()) {
    if (Escapes(errno)) return PathEscapes("input");
    if (errno == ENOENT || errno == ENOTDIR) {
      return Error(absl::StatusCode::kNotFound, "INPUT_NOT_FOUND", absl::StrCat("there is no file ", input));
    }
    return PosixError(errno, absl::StrCat("open input ", input));
  }
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return PosixError(errno, absl::StrCat("stat input ", input));
  if (!S_ISREG(info.st_mode)) return FieldError("input", "is not a regular file");
  return fd;
}

absl::StatusOr<StagedFile> MediaFiles::Stage(int folder) {
  const std::string name = ulids_.Next(absl::Now());
  UniqueFd fd(openat(folder, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd.valid()) return PosixError(errno, "make a file for the output");
  return StagedFile(folder, name, std::move(fd));
}

absl::StatusOr<StagedFile> MediaFiles::StageOutput() { return Stage(output_staging_.get()); }
absl::StatusOr<StagedFile> MediaFiles::StageUpload() { return Stage(upload_staging_.get()); }

absl::Status MediaFiles::PublishOutput(StagedFile& staged, absl::string_view output) {
  SPOOL_RETURN_IF_ERROR(CheckOutput(output));
  SPOOL_ASSIGN_OR_RETURN(const UniqueFd folder, OpenParent(output_root_.get(), output));
  if (fsync(staged.fd()) != 0) return PosixError(errno, "sync the output");
  const size_t slash = output.rfind('/');
  const std::string name(slash == absl::string_view::npos ? output : output.substr(slash + 1));
  if (renameat(staged.folder_, staged.name_.c_str(), folder.get(), name.c_str()) != 0) {
    return PosixError(errno, absl::StrCat("rename the output to ", output));
  }
  staged.name_.clear();
  if (fsync(folder.get()) != 0) return PosixError(errno, "sync the output's folder");
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> MediaFiles::OpenOutput(absl::string_view output) const {
  UniqueFd fd = OpenBeneath(output_root_.get(), output, O_RDONLY | O_NONBLOCK);
  if (!fd.valid()) {
    return Error(absl::StatusCode::kNotFound, "OUTPUT_NOT_FOUND",
                 absl::StrCat("the output ", output, " is no longer there"));
  }
  return fd;
}

absl::StatusOr<std::string> MediaFiles::PublishUpload(StagedFile& staged, absl::string_view file_name) {
  if (fsync(staged.fd()) != 0) return PosixError(errno, "sync the upload");
  // Whoever knows the id may use the file, so it is made of random bits of its own: ids of one source that are made
  // within a millisecond follow each other.
  const std::string id = UlidSource().Next(absl::Now());
  // The extension is only a hint, so a link's text, which needs no file of its own, is a good enough place for it.
  const std::string extension = job::ExtensionOfPath(file_name);
  if (!extension.empty() && symlinkat(extension.c_str(), uploads_.get(), absl::StrCat(id, kHint).c_str()) != 0) {
    return PosixError(errno, "keep the upload's extension");
  }
  if (renameat(staged.folder_, staged.name_.c_str(), uploads_.get(), id.c_str()) != 0) {
    return PosixError(errno, "keep the upload");
  }
  staged.name_.clear();
  if (fsync(uploads_.get()) != 0) return PosixError(errno, "sync the uploads");
  return absl::StrCat("upload:", id);
}

std::string MediaFiles::InputExtension(absl::string_view input) const {
  const absl::string_view upload = job::UploadIdOf(input);
  if (upload.empty()) return job::ExtensionOfPath(input);
  char extension[17];
  const ssize_t size = readlinkat(uploads_.get(), absl::StrCat(upload, kHint).c_str(), extension, sizeof(extension));
  return size > 0 ? std::string(extension, size) : "";
}

int MediaFiles::RemoveUploadsOlderThan(absl::Duration age, const std::vector<std::string>& in_use) {
  int removed = 0;
  const absl::Time limit = absl::Now() - age;
  for (const std::string& name : NamesIn(uploads_.get())) {
    struct stat info;
    if (fstatat(uploads_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) continue;
    if (absl::TimeFromTimespec(info.st_mtim) >= limit) continue;
    if (std::find(in_use.begin(), in_use.end(), absl::StrCat("upload:", name)) != in_use.end()) continue;
    removed += unlinkat(uploads_.get(), name.c_str(), 0) == 0;
    unlinkat(uploads_.get(), absl::StrCat(name, kHint).c_str(), 0);
  }
  return removed;
}

}  // namespace spool::files

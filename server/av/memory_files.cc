#include "server/av/memory_files.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace spool::av {
namespace {

// No real path: nothing lies below a device.
constexpr absl::string_view kFolder = "/dev/null/spool-memory/";

// Never destroyed: libraries may close files while the program ends.
std::mutex& Lock() {
  static std::mutex& lock = *new std::mutex;
  return lock;
}
std::map<std::string, std::shared_ptr<std::string>>& Files() {
  static auto& files = *new std::map<std::string, std::shared_ptr<std::string>>;
  return files;
}

bool IsMemoryFile(const char* path) { return path != nullptr && absl::StartsWith(path, kFolder); }

// One open file.
struct OpenFile {
  std::shared_ptr<std::string> content;
  size_t place = 0;
};

ssize_t ReadFile(void* cookie, char* buffer, size_t size) {
  auto* file = static_cast<OpenFile*>(cookie);
  const std::lock_guard<std::mutex> guard(Lock());
  const size_t left = file->content->size() - std::min(file->place, file->content->size());
  const size_t count = std::min(size, left);
  memcpy(buffer, file->content->data() + file->place, count);
  file->place += count;
  return static_cast<ssize_t>(count);
}

ssize_t WriteFile(void* cookie, const char* buffer, size_t size) {
  auto* file = static_cast<OpenFile*>(cookie);
  const std::lock_guard<std::mutex> guard(Lock());
  if (file->content->size() < file->place + size) file->content->resize(file->place + size);
  memcpy(file->content->data() + file->place, buffer, size);
  file->place += size;
  return static_cast<ssize_t>(size);
}

int SeekFile(void* cookie, off64_t* offset, int whence) {
  auto* file = static_cast<OpenFile*>(cookie);
  const std::lock_guard<std::mutex> guard(Lock());
  const auto size = static_cast<off64_t>(file->content->size());
  const off64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? static_cast<off64_t>(file->place) : size;
  if (base + *offset < 0) return -1;
  file->place = static_cast<size_t>(base + *offset);
  *offset = base + *offset;
  return 0;
}

int CloseFile(void* cookie) {
  delete static_cast<OpenFile*>(cookie);
  return 0;
}

FILE* OpenMemoryFile(const char* path, const char* mode) {
  const bool writes = strchr(mode, 'w') != nullptr;
  auto file = std::make_unique<OpenFile>();
  {
    const std::lock_guard<std::mutex> guard(Lock());
    auto& files = Files();
    if (writes) files[path] = std::make_shared<std::string>();
    const auto found = files.find(path);
    if (found == files.end()) {
      errno = ENOENT;
      return nullptr;
    }
    file->content = found->second;
  }
  const cookie_io_functions_t functions = {&ReadFile, &WriteFile, &SeekFile, &CloseFile};
  FILE* stream = fopencookie(file.get(), mode, functions);
  if (stream != nullptr) file.release();
  return stream;
}

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

std::string MemoryFileName(absl::string_view name) { return absl::StrCat(kFolder, name); }

}  // namespace spool::av

// The C library's, and in front of them ours. Shared libraries of this program find these first.
extern "C" {

FILE* fopen(const char* path, const char* mode) {
  using namespace spool::av;  // NOLINT(google-build-using-namespace)
  if (IsMemoryFile(path)) return OpenMemoryFile(path, mode);
  static auto* const next = Next<FILE*(const char*, const char*)>("fopen");
  return next(path, mode);
}

FILE* fopen64(const char* path, const char* mode) {
  using namespace spool::av;  // NOLINT(google-build-using-namespace)
  if (IsMemoryFile(path)) return OpenMemoryFile(path, mode);
  static auto* const next = Next<FILE*(const char*, const char*)>("fopen64");
  return next(path, mode);
}

int rename(const char* from, const char* to) noexcept {
  using namespace spool::av;  // NOLINT(google-build-using-namespace)
  if (IsMemoryFile(from) && IsMemoryFile(to)) {
    const std::lock_guard<std::mutex> guard(Lock());
    auto& files = Files();
    const auto found = files.find(from);
    if (found == files.end()) {
      errno = ENOENT;
      return -1;
    }
    files[to] = found->second;
    files.erase(from);
    return 0;
  }
  static auto* const next = Next<int(const char*, const char*)>("rename");
  return next(from, to);
}

int unlink(const char* path) noexcept {
  using namespace spool::av;  // NOLINT(google-build-using-namespace)
  if (IsMemoryFile(path)) {
    const std::lock_guard<std::mutex> guard(Lock());
    if (Files().erase(path) > 0) return 0;
    errno = ENOENT;
    return -1;
  }
  static auto* const next = Next<int(const char*)>("unlink");
  return next(path);
}

}  // extern "C"

#include "server/sqlite/failing_vfs.h"

#include <sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <limits>

namespace spool::sqlite {
namespace {

// What fails next. SQLite hands no context to file methods that a wrapper could use before the file is open, and there
// is one disk.
std::atomic<int> g_writes_left{std::numeric_limits<int>::max()};
std::atomic<int> g_syncs_left{std::numeric_limits<int>::max()};
std::atomic<int> g_times{0};
std::atomic<int> g_error{SQLITE_OK};
std::atomic<int> g_failures{0};
std::atomic<bool> g_read_only{false};

sqlite3_vfs* g_real = nullptr;
sqlite3_vfs g_vfs;

// An open file: ours, followed by the real one.
struct File {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* Real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real(); }

// Whether this call is one of those that fail.
bool Fails(std::atomic<int>& left) {
  const int before = left.fetch_sub(1);
  if (before > 1 || before <= 1 - g_times.load()) return false;
  ++g_failures;
  return true;
}

int Close(sqlite3_file* file) { return Real(file)->pMethods->xClose(Real(file)); }
int Read(sqlite3_file* file, void* out, int size, sqlite3_int64 at) {
  return Real(file)->pMethods->xRead(Real(file), out, size, at);
}
int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  if (!Fails(g_writes_left)) return Real(file)->pMethods->xWrite(Real(file), bytes, size, at);
  // A torn write, as disks do it.
  if (g_error != SQLITE_FULL && size > 1) Real(file)->pMethods->xWrite(Real(file), bytes, size / 2, at);
  return g_error;
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) { return Real(file)->pMethods->xTruncate(Real(file), size); }
int Sync(sqlite3_file* file, int flags) {
  if (Fails(g_syncs_left)) return SQLITE_IOERR_FSYNC;
  return Real(file)->pMethods->xSync(Real(file), flags);
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) { return Real(file)->pMethods->xFileSize(Real(file), size); }
int Lock(sqlite3_file* file, int level) { return Real(file)->pMethods->xLock(Real(file), level); }
int Unlock(sqlite3_file* file, int level) { return Real(file)->pMethods->xUnlock(Real(file), level); }
int CheckReservedLock(sqlite3_file* file, int* out) {
  return Real(file)->pMethods->xCheckReservedLock(Real(file), out);
}
int FileControl(sqlite3_file* file, int op, void* argument) {
  return Real(file)->pMethods->xFileControl(Real(file), op, argument);
}
int SectorSize(sqlite3_file* file) { return Real(file)->pMethods->xSectorSize(Real(file)); }
int DeviceCharacteristics(sqlite3_file* file) { return Real(file)->pMethods->xDeviceCharacteristics(Real(file)); }
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return Real(file)->pMethods->xShmMap(Real(file), page, size, extend, out);
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  return Real(file)->pMethods->xShmLock(Real(file), offset, count, flags);
}
void ShmBarrier(sqlite3_file* file) { Real(file)->pMethods->xShmBarrier(Real(file)); }
int ShmUnmap(sqlite3_file* file, int remove) { return Real(file)->pMethods->xShmUnmap(Real(file), remove); }

// Version 2: without memory mapping, so that every write passes through here.
constexpr sqlite3_io_methods kMethods = {2,
                                         Close,
                                         Read,
                                         Write,
                                         Truncate,
                                         Sync,
                                         FileSize,
                                         Lock,
                                         Unlock,
                                         CheckReservedLock,
                                         FileControl,
                                         SectorSize,
                                         DeviceCharacteristics,
                                         ShmMap,
                                         ShmLock,
                                         ShmBarrier,
                                         ShmUnmap,
                                         nullptr,
                                         nullptr};

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  if (g_read_only) flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
  const int rc = g_real->xOpen(g_real, name, Real(file), flags, out_flags);
  if (rc == SQLITE_OK) file->pMethods = &kMethods;
  return rc;
}

}  // namespace

FailingVfs::FailingVfs() {
  g_real = sqlite3_vfs_find(nullptr);
  g_vfs = *g_real;
  g_vfs.zName = "spool-failing";
  g_vfs.szOsFile = static_cast<int>(sizeof(File)) + g_real->szOsFile;
  g_vfs.xOpen = Open;
  Heal();
  g_failures = 0;
  g_read_only = false;
  if (sqlite3_vfs_register(&g_vfs, 1) != SQLITE_OK) abort();
}

FailingVfs::~FailingVfs() {
  sqlite3_vfs_unregister(&g_vfs);
  sqlite3_vfs_register(g_real, 1);
}

void FailingVfs::FailAt(Failure failure, int n, int times) {
  Heal();
  g_error = failure == Failure::kFull ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  g_times = times;
  (failure == Failure::kSync ? g_syncs_left : g_writes_left) = n;
}

void FailingVfs::Heal() {
  g_writes_left = std::numeric_limits<int>::max();
  g_syncs_left = std::numeric_limits<int>::max();
  g_times = 0;
}

void FailingVfs::SetReadOnly(bool read_only) { g_read_only = read_only; }

int FailingVfs::failures() const { return g_failures; }

}  // namespace spool::sqlite

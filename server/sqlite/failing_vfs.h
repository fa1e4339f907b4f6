// A disk that fails when a test says so.

#ifndef SPOOL_SERVER_SQLITE_FAILING_VFS_H_
#define SPOOL_SERVER_SQLITE_FAILING_VFS_H_

namespace spool::sqlite {

// Becomes SQLite's default file system for as long as it lives, in front of the one before it. One at a time, and no
// database may outlive it. Counts the writes and syncs of all files; thread-safe.
class FailingVfs {
 public:
  enum class Failure {
    kFull,  // writes answer that the disk is full
    kSync,  // fsync fails
    kIo,    // writes fail otherwise, after a part of them was written
  };

  FailingVfs();
  ~FailingVfs();
  FailingVfs(const FailingVfs&) = delete;
  FailingVfs& operator=(const FailingVfs&) = delete;

  // The n-th call of that kind from now on fails (from 1), and so do the `times` - 1 after it.
  void FailAt(Failure failure, int n, int times = 1);
  // Ends all failing.
  void Heal();
  // Files open for reading only, as on a file system that is mounted so; for those opened from now on.
  void SetReadOnly(bool read_only);
  // How many calls have failed.
  int failures() const;
};

}  // namespace spool::sqlite

#endif  // SPOOL_SERVER_SQLITE_FAILING_VFS_H_

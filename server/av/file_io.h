// libav's byte stream over an open file descriptor.

#ifndef SPOOL_SERVER_AV_FILE_IO_H_
#define SPOOL_SERVER_AV_FILE_IO_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "server/av/libav.h"

namespace spool::av {

// Reads and writes by pread and pwrite at an offset of its own, so several of these may share one descriptor. Borrows
// the descriptor. Not thread-safe.
class FileIo {
 public:
  // For demuxers, and for muxers that read back what they wrote.
  static absl::StatusOr<std::unique_ptr<FileIo>> ForReading(int fd);
  // Fails writes beyond `max_bytes` with EFBIG; 0 means no limit.
  static absl::StatusOr<std::unique_ptr<FileIo>> ForWriting(int fd, int64_t max_bytes);

  FileIo(const FileIo&) = delete;
  FileIo& operator=(const FileIo&) = delete;
  ~FileIo();

  AVIOContext* context() { return context_; }

  // First errno that the kernel gave, or EFBIG of our own; 0 when all went well. libav turns many of them into
  // something vaguer on the way up.
  int error_number() const { return error_number_; }
  // Furthest byte that was read, for progress.
  int64_t read_through() const { return read_through_; }

 private:
  FileIo(int fd, int64_t max_bytes) : fd_(fd), max_bytes_(max_bytes) {}

  static int Read(void* self, uint8_t* buffer, int size);
  static int Write(void* self, uint8_t* buffer, int size);
  static int64_t Seek(void* self, int64_t offset, int whence);

  // libav may replace the buffer, so the context owns it and the destructor frees whatever it holds by then.
  absl::Status MakeContext(bool for_writing);
  int Fail(int error_number);

  const int fd_;
  const int64_t max_bytes_;
  int64_t offset_ = 0;
  int64_t read_through_ = 0;
  int error_number_ = 0;
  AVIOContext* context_ = nullptr;
};

}  // namespace spool::av

#endif  // SPOOL_SERVER_AV_FILE_IO_H_

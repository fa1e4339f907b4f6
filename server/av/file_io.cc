#include "server/av/file_io.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "server/av/failure.h"

namespace spool::av {
namespace {

constexpr int kBufferBytes = 128 * 1024;

}  // namespace

absl::StatusOr<std::unique_ptr<FileIo>> FileIo::ForReading(int fd) {
  std::unique_ptr<FileIo> io(new FileIo(fd, 0));
  if (absl::Status s = io->MakeContext(/*for_writing=*/false); !s.ok()) return s;
  return io;
}

absl::StatusOr<std::unique_ptr<FileIo>> FileIo::ForWriting(int fd, int64_t max_bytes) {
  std::unique_ptr<FileIo> io(new FileIo(fd, max_bytes));
  if (absl::Status s = io->MakeContext(/*for_writing=*/true); !s.ok()) return s;
  return io;
}

FileIo::~FileIo() {
  if (context_ == nullptr) return;
  av_freep(&context_->buffer);
  avio_context_free(&context_);
}

absl::Status FileIo::MakeContext(bool for_writing) {
  auto* buffer = static_cast<unsigned char*>(av_malloc(kBufferBytes));
  if (buffer == nullptr) return Failure(Reason::kOutOfMemory, "no memory for a file buffer");
  context_ = avio_alloc_context(buffer, kBufferBytes, for_writing, this, for_writing ? nullptr : &Read,
                                for_writing ? &Write : nullptr, &Seek);
  if (context_ == nullptr) {
    av_free(buffer);
    return Failure(Reason::kOutOfMemory, "no memory for a file stream");
  }
  return absl::OkStatus();
}

int FileIo::Fail(int error_number) {
  if (error_number_ == 0) error_number_ = error_number;
  return AVERROR(error_number);
}

int FileIo::Read(void* self, uint8_t* buffer, int size) {
  auto* io = static_cast<FileIo*>(self);
  ssize_t got;
  do {
    got = pread(io->fd_, buffer, size, io->offset_);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return io->Fail(errno);
  if (got == 0) return AVERROR_EOF;
  io->offset_ += got;
  io->read_through_ = std::max(io->read_through_, io->offset_);
  return static_cast<int>(got);
}

int FileIo::Write(void* self, uint8_t* buffer, int size) {
  auto* io = static_cast<FileIo*>(self);
  if (io->max_bytes_ > 0 && io->offset_ + size > io->max_bytes_) return io->Fail(EFBIG);
  int done = 0;
  while (done < size) {
    const ssize_t put = pwrite(io->fd_, buffer + done, size - done, io->offset_);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return io->Fail(errno);
    done += static_cast<int>(put);
    io->offset_ += put;
  }
  return size;
}

int64_t FileIo::Seek(void* self, int64_t offset, int whence) {
  auto* io = static_cast<FileIo*>(self);
  struct stat file;
  switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
      return fstat(io->fd_, &file) == 0 ? file.st_size : io->Fail(errno);
    case SEEK_SET:
      break;
    case SEEK_CUR:
      offset += io->offset_;
      break;
    case SEEK_END:
      if (fstat(io->fd_, &file) != 0) return io->Fail(errno);
      offset += file.st_size;
      break;
    default:
      return AVERROR(EINVAL);
  }
  // Hostile offsets reach here; they are not I/O errors.
  if (offset < 0) return AVERROR(EINVAL);
  io->offset_ = offset;
  return offset;
}

}  // namespace spool::av

// A media file being written.

#ifndef SPOOL_SERVER_AV_OUTPUT_H_
#define SPOOL_SERVER_AV_OUTPUT_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/av/failure.h"
#include "server/av/file_io.h"
#include "server/av/handles.h"
#include "server/av/libav.h"

namespace spool::av {

// Owns a muxer over one descriptor: add streams to context(), then WriteHeader, Write..., Finish. Not thread-safe.
// After an error only the destructor may be called. Borrows `fd`, which must be readable too: moving the index of an
// MP4 to its front reads back what was written.
class Output {
 public:
  // `muxer` is libav's name. Writes beyond `max_bytes` fail with LIMIT_EXCEEDED; 0 means no limit.
  static absl::StatusOr<std::unique_ptr<Output>> Create(int fd, const char* muxer, int64_t max_bytes);

  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output();

  AVFormatContext* context() const { return context_; }

  absl::Status WriteHeader(Dictionary& settings);
  // Takes the packet's contents. Packets of one stream come in the order of their DTS; those of different streams
  // should come in order too, as nothing is reordered here.
  absl::Status Write(AVPacket* packet);
  // Writes the index and flushes.
  absl::Status Finish();

 private:
  Output(int fd, int64_t max_bytes) : fd_(fd), max_bytes_(max_bytes) {}

  static int OpenAgain(AVFormatContext* context, AVIOContext** io, const char*, int flags, AVDictionary**);
  static int CloseAgain(AVFormatContext* context, AVIOContext* io);

  // The status of a write that gave `rc`. The kernel's reason, where there is one, is nearer to the truth.
  absl::Status Outcome(int rc, const char* what, Reason otherwise = Reason::kInternal) const;

  const int fd_;
  const int64_t max_bytes_;
  std::unique_ptr<FileIo> io_;
  std::unique_ptr<FileIo> read_back_;
  AVFormatContext* context_ = nullptr;
};

}  // namespace spool::av

#endif  // SPOOL_SERVER_AV_OUTPUT_H_

// A hostile media file, opened.

#ifndef SPOOL_SERVER_AV_INPUT_H_
#define SPOOL_SERVER_AV_INPUT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/av/file_io.h"
#include "server/av/libav.h"

namespace spool::av {

struct InputOptions {
  // Of the file's name, without the dot; a hint for formats without a signature. May be empty.
  std::string extension;
  // 0 means no limit.
  int64_t max_pixels = 0;
  int max_streams = 64;
};

// How well the streams have to be known.
enum class Look {
  // Frames are decoded until all is known.
  kThorough,
  // What the header says will do, where it says enough to copy the streams or to tell what was written: a tenth of the
  // time. Else as kThorough.
  kAtHeader,
};

// Owns a demuxer that can reach nothing but the descriptor it was given. Not thread-safe.
class Input {
 public:
  // Finds out the format and the streams' parameters. INVALID_MEDIA if it is no media file, UNSUPPORTED_MEDIA if Spool
  // does not read its format, LIMIT_EXCEEDED. Borrows `fd`.
  static absl::StatusOr<std::unique_ptr<Input>> Open(int fd, const InputOptions& options, Look look = Look::kThorough);

  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input();

  AVFormatContext* context() const { return context_; }
  const FileIo& io() const { return *io_; }
  int64_t bytes() const { return bytes_; }
  // Whether it was left at the header: pixel formats, colours and the like may be unknown.
  bool is_at_header() const { return is_at_header_; }
  // Of a still: whether it ends before its picture does.
  bool breaks_off() const { return breaks_off_; }
  // Of an input at its header: finds out where the timeline begins, and what the first picture of each stream tells.
  void LookAtFirstPackets(const InputOptions& options);

 private:
  explicit Input(int fd) : fd_(fd) {}
  absl::StatusOr<const AVInputFormat*> FindDemuxer(const std::string& extension);
  absl::Status OpenDemuxer(const InputOptions& options);
  absl::Status FindStreams(const InputOptions& options, Look look);
  bool HeaderTellsAll(int64_t max_pixels);
  // Of a still, from its own header, without decoding it. False: it does not say, or is too large to be decoded at all.
  bool LearnStill(const InputOptions& options);
  absl::Status CheckStreamCount(int max_streams) const;
  int FindStreamInfo(int64_t max_pixels);
  absl::Status CheckPixels(int64_t max_pixels);
  struct Dimensions {
    int width = 0;
    int height = 0;
  };
  // Of the only stream, from its first packet, which is used up; zeroes if it does not say.
  Dimensions FirstPacketSize();

  const int fd_;
  std::unique_ptr<FileIo> io_;
  AVFormatContext* context_ = nullptr;
  int64_t bytes_ = 0;
  bool is_at_header_ = false;
  bool breaks_off_ = false;
};

// Whether a JPEG breaks off: FFmpeg 5.1 fills up the rest of such a picture, and tells nobody.
bool JpegBreaksOff(const AVPacket& jpeg);

}  // namespace spool::av

#endif  // SPOOL_SERVER_AV_INPUT_H_

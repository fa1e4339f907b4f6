#include "server/media/webp_file.h"

#include <unistd.h>

#include <array>

#include "server/av/libav.h"

namespace spool::media {
namespace {

// Chunks (RIFF): a name of four letters, a size, the content, a byte of padding when the size is odd.
constexpr int kChunkHeader = 8;
constexpr int kFileHeader = 12;

absl::Status Broken() { return absl::DataLossError("an animated WebP whose chunks do not fit together"); }

template <size_t kSize>
bool ReadAt(int fd, int64_t offset, std::array<uint8_t, kSize>& bytes) {
  return pread(fd, bytes.data(), bytes.size(), offset) == static_cast<ssize_t>(bytes.size());
}

}  // namespace

bool IsAnimatedWebp(absl::string_view head) {
  constexpr uint8_t kAnimationFlag = 0x02;
  return head.size() > 20 && head.substr(0, 4) == "RIFF" && head.substr(8, 8) == "WEBPVP8X" &&
         (static_cast<uint8_t>(head[20]) & kAnimationFlag) != 0;
}

absl::StatusOr<WebpFacts> ReadAnimatedWebp(int fd) {
  std::array<uint8_t, kFileHeader> head;
  if (!ReadAt(fd, 0, head)) return Broken();
  const int64_t end = kChunkHeader + int64_t{AV_RL32(head.data() + 4)};
  WebpFacts facts;
  for (int64_t at = kFileHeader; at < end;) {
    std::array<uint8_t, kChunkHeader> header;
    if (!ReadAt(fd, at, header)) return Broken();
    const int64_t size = AV_RL32(header.data() + 4);
    if (at + kChunkHeader + size > end) return Broken();
    const absl::string_view name(reinterpret_cast<const char*>(header.data()), 4);
    if (name == "VP8X") {
      std::array<uint8_t, 10> canvas;
      if (!ReadAt(fd, at + kChunkHeader, canvas)) return Broken();
      // Sizes are stored less one.
      facts.canvas = {static_cast<int>(AV_RL24(canvas.data() + 4)) + 1,
                      static_cast<int>(AV_RL24(canvas.data() + 7)) + 1};
    } else if (name == "ANMF") {
      std::array<uint8_t, 16> frame;
      if (!ReadAt(fd, at + kChunkHeader, frame)) return Broken();
      ++facts.frames;
      facts.duration += absl::Milliseconds(AV_RL24(frame.data() + 12));
    }
    at += kChunkHeader + size + size % 2;
  }
  if (facts.frames == 0 || facts.canvas.width == 0) return Broken();
  return facts;
}

}  // namespace spool::media

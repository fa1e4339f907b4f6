// Small media files, made and looked at by FFmpeg's own programs.

#ifndef SPOOL_TESTS_SUPPORT_MEDIA_H_
#define SPOOL_TESTS_SUPPORT_MEDIA_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace spool::testing {

struct VideoFacts {
  int width = 320;
  int height = 180;
  int frames = 25;
  bool audio = true;
};

// An H.264 video at 25 frames a second, of moving test bars, as FFmpeg's extension says.
absl::Status MakeVideo(const std::string& path, const VideoFacts& facts = {});

// A still of one colour.
absl::Status MakeStill(const std::string& path, int width, int height);

// What ffprobe says of `entries` ("stream=width,height"), one value a line, of the first video stream.
absl::StatusOr<std::string> Probe(const std::string& path, const std::string& entries);

}  // namespace spool::testing

#endif  // SPOOL_TESTS_SUPPORT_MEDIA_H_

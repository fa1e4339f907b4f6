#include "tests/support/media.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"
#include "tests/support/program.h"

namespace spool::testing {
namespace {

absl::StatusOr<std::string> Run(const std::vector<std::string>& arguments) {
  SPOOL_ASSIGN_OR_RETURN(const Exit exit, RunProgram(arguments));
  if (exit.code != 0 || exit.signal != 0) {
    return absl::InternalError(absl::StrCat(arguments[0], " ended with ", exit.code, ": ", exit.error));
  }
  return exit.out;
}

}  // namespace

absl::Status MakeVideo(const std::string& path, const VideoFacts& facts) {
  std::vector<std::string> arguments = {"ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi"};
  arguments.insert(arguments.end(), {"-i", absl::StrCat("testsrc=size=", facts.width, "x", facts.height, ":rate=25")});
  if (facts.audio) arguments.insert(arguments.end(), {"-f", "lavfi", "-i", "sine=frequency=440"});
  arguments.insert(arguments.end(), {"-t", absl::StrCat(facts.frames / 25.0), "-c:v", "libx264", "-preset", "ultrafast",
                                     "-pix_fmt", "yuv420p", path});
  return Run(arguments).status();
}

absl::Status MakeStill(const std::string& path, int width, int height) {
  // The source itself makes nothing of less than two pixels.
  return Run({"ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "color=c=teal:size=16x16", "-vf",
              absl::StrCat("scale=", width, ":", height, ",format=rgb24"), "-frames:v", "1", path})
      .status();
}

absl::StatusOr<std::string> Probe(const std::string& path, const std::string& entries) {
  return Run({"ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", entries, "-of",
              "default=noprint_wrappers=1:nokey=1", path});
}

}  // namespace spool::testing

#include "tests/fuzz/media_input.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>

#include "server/av/log_tail.h"
#include "server/base/posix_error.h"
#include "server/base/unique_fd.h"
#include "server/media/run.h"

namespace spool::testing {
namespace {

// What is quick to do and yet takes every kind of stage.
std::array<media::Task, 6> Tasks() {
  std::array<media::Task, 6> tasks;
  v1::ResizeSpec small;
  small.set_width(16);
  small.set_height(16);
  small.mutable_video()->set_preset("ultrafast");
  small.mutable_video()->set_codec(v1::VIDEO_CODEC_H264);
  small.set_container(v1::CONTAINER_MP4);
  tasks[0].spec = small;
  v1::ResizeSpec same;
  same.set_height(16);
  same.set_container(v1::CONTAINER_PNG);
  tasks[1].spec = same;
  v1::ConvertSpec copy;
  copy.set_container(v1::CONTAINER_MKV);
  tasks[2].spec = copy;
  copy.set_container(v1::CONTAINER_MP4);
  tasks[3].spec = copy;
  v1::ConvertSpec still;
  still.set_container(v1::CONTAINER_JPEG);
  still.mutable_trim()->mutable_start()->set_nanos(200000000);
  tasks[4].spec = still;
  v1::ConvertSpec sound;
  sound.set_container(v1::CONTAINER_MKV);
  sound.mutable_audio()->set_codec(v1::AUDIO_CODEC_OPUS);
  sound.mutable_trim()->mutable_start()->set_nanos(100000000);
  sound.mutable_trim()->mutable_duration()->set_nanos(300000000);
  sound.mutable_video()->set_codec(v1::VIDEO_CODEC_H264);
  sound.mutable_video()->set_preset("ultrafast");
  tasks[5].spec = sound;
  return tasks;
}

}  // namespace

absl::Status RunMediaInput(absl::string_view bytes) {
  static const auto* const kTasks = new std::array<media::Task, 6>(Tasks());
  static const bool kIsQuiet = [] {
    av::CaptureLog([](const std::string&) {});
    return true;
  }();
  if (bytes.empty() || !kIsQuiet) return absl::OkStatus();
  const media::Task& task = (*kTasks)[static_cast<uint8_t>(bytes[0]) % kTasks->size()];
  bytes.remove_prefix(1);
  const UniqueFd input(memfd_create("input", MFD_CLOEXEC));
  const UniqueFd output(memfd_create("output", MFD_CLOEXEC));
  if (write(input.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    return PosixError(errno, "write the input");
  }
  media::RunOptions options;
  options.limits.max_pixels = 1 << 18;
  options.limits.max_streams = 8;
  options.limits.max_alloc_bytes = 64 << 20;
  options.limits.max_output_bytes = 8 << 20;
  options.limits.max_media_duration = absl::Seconds(20);
  return media::RunTask(
             task, options, input.get(), output.get(), [] { return absl::ZeroDuration(); },
             [](const v1::JobProgress&) {})
      .status();
}

}  // namespace spool::testing

// What a worker says of its progress, before spoold tames it: finite, never going back, 1 at the end and not before,
// for every kind of run. SPOOL_PROGRESS_FOLDER adds every file of a folder:
//   SPOOL_PROGRESS_FOLDER=… bazel test //server/worker:progress_test --test_env=SPOOL_PROGRESS_FOLDER

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"
#include "server/worker/worker_harness.h"

namespace spool::worker {
namespace {

constexpr char kWorker[] = "server/worker/spool-worker";

struct Spec {
  const char* name;
  // Text format of spool.v1.OutputSpec; outputs of a run are separated by '|'.
  const char* outputs;
};
constexpr Spec kSpecs[] = {
    {"copy", "convert { container: CONTAINER_MKV }"},
    {"resize", "resize { width: 96 height: 64 }"},
    {"trim", "convert { container: CONTAINER_MP4 trim { start { nanos: 200000000 } duration { nanos: 400000000 } } }"},
    {"two_pass",
     "convert { container: CONTAINER_MP4 video { codec: VIDEO_CODEC_H264 preset: 'ultrafast' bitrate_bps: 200000 "
     "two_pass: true } }"},
    {"loudness", "convert { container: CONTAINER_MP4 audio { codec: AUDIO_CODEC_AAC loudness {} } }"},
    {"thumbnail", "thumbnail { width: 64 }"},
    {"ladder", "resize { height: 64 }|resize { height: 32 video { drop: true } }|thumbnail { width: 64 }"},
};

std::string Temp(const std::string& name) { return std::string(getenv("TEST_TMPDIR")) + "/" + name; }

// Inputs whose length is told by time, by frames, by bytes only, or not at all.
std::vector<std::string> MadeInputs() {
  const std::string moving = "-f lavfi -i testsrc2=s=128x72:r=20:d=1.5 ";
  const std::string sound = "-f lavfi -i sine=440:r=48000:d=1.5 ";
  const std::vector<std::pair<std::string, std::string>> recipes = {
      {"both.mp4", moving + sound + "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac"},
      {"late.mkv", moving + sound + "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a libopus -output_ts_offset 7"},
      {"unknown_length.webm", moving + "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -live 1"},
      {"no_container.h264", moving + "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -f h264"},
      {"stream.ts", moving + sound + "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac"},
      {"sound.wav", sound},
      {"sound.mp3", sound + "-write_xing 0"},
      {"still.jpg", moving + "-frames:v 1"},
      {"moving.gif", moving},
      {"one_frame.mp4", moving + "-frames:v 1 -c:v libx264 -pix_fmt yuv420p"},
  };
  std::vector<std::string> paths;
  for (const auto& [name, recipe] : recipes) {
    paths.push_back(Temp(name));
    const std::string command = absl::StrCat("ffmpeg -nostdin -v error -y ", recipe, " ", paths.back());
    EXPECT_EQ(system(command.c_str()), 0) << command;
  }
  return paths;
}

std::vector<std::string> Inputs() {
  std::vector<std::string> inputs = MadeInputs();
  if (const char* folder = getenv("SPOOL_PROGRESS_FOLDER")) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) inputs.push_back(entry.path());
  }
  return inputs;
}

Order OrderFor(const Spec& spec, const std::string& input) {
  std::string run;
  for (absl::string_view rest = spec.outputs; !rest.empty();) {
    const size_t end = std::min(rest.find('|'), rest.size());
    absl::StrAppend(&run, "outputs { spec { ", rest.substr(0, end), " } }");
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  Order order;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      absl::StrCat("run { ", run,
                   " } limits { max_pixels: 67108864 max_streams: 64 max_alloc_bytes: 536870912 "
                   "max_output_bytes: 1073741824 } threads: 2"),
      &order));
  order.set_input_extension(std::filesystem::path(input).extension().string().substr(1));
  return order;
}

void ExpectAmount(double value, absl::string_view what) {
  EXPECT_TRUE(std::isfinite(value) && value >= 0) << what << " " << value;
}

// Of samples in their order, the last of which is said to be the last of a run that went well.
void ExpectProgress(const std::vector<v1::JobProgress>& samples) {
  v1::JobProgress last;
  for (const v1::JobProgress& sample : samples) {
    ExpectAmount(sample.fraction(), "fraction");
    ExpectAmount(sample.fps(), "fps");
    ExpectAmount(sample.speed(), "speed");
    EXPECT_NE(sample.basis(), v1::PROGRESS_BASIS_UNSPECIFIED);
    EXPECT_GE(sample.fraction(), last.fraction());
    EXPECT_GE(sample.frames(), last.frames());
    EXPECT_GE(sample.bytes(), last.bytes());
    EXPECT_GE(sample.media_time().seconds(), last.media_time().seconds());
    if (&sample != &samples.back()) {
      EXPECT_LT(sample.fraction(), 1) << "before the end";
    }
    if (sample.has_eta()) {
      EXPECT_GE(sample.eta().seconds(), 0);
      EXPECT_GE(sample.eta().nanos(), 0);
    }
    for (int i = 0; i < sample.outputs_size(); ++i) {
      ExpectAmount(sample.outputs(i).fraction(), "an output's fraction");
      EXPECT_LE(sample.outputs(i).fraction(), 1);
      if (i < last.outputs_size()) {
        EXPECT_GE(sample.outputs(i).fraction(), last.outputs(i).fraction());
      }
    }
    last = sample;
  }
  EXPECT_EQ(last.fraction(), 1) << "at the end";
  for (const v1::OutputProgress& output : last.outputs()) EXPECT_EQ(output.fraction(), 1) << output.name();
}

TEST(Progress, IsFiniteAndMonotoneAndEndsAtOne) {
  auto harness = WorkerHarness::Start(kWorker, {});
  ASSERT_OK(harness);
  ZygoteRequest::Spawn spawn;
  spawn.set_max_output_bytes(1 << 30);
  spawn.set_max_cpu_seconds(600);
  int done = 0;
  int failed = 0;
  for (const std::string& path : Inputs()) {
    for (const Spec& spec : kSpecs) {
      SCOPED_TRACE(absl::StrCat(path, " ", spec.name));
      const Order order = OrderFor(spec, path);
      UniqueFd input(open(path.c_str(), O_RDONLY | O_CLOEXEC));
      std::vector<UniqueFd> outputs;
      std::vector<int> descriptors;
      for (int i = 0; i < order.run().outputs_size(); ++i) {
        outputs.emplace_back(memfd_create("output", MFD_CLOEXEC));
        descriptors.push_back(outputs.back().get());
      }
      auto outcome = (*harness)->Run(order, spawn, input.get(), descriptors, absl::Minutes(10));
      ASSERT_OK(outcome);
      if (!outcome->last().has_done()) {
        ++failed;
        continue;
      }
      ++done;
      std::vector<v1::JobProgress> samples;
      for (const Report& report : outcome->reports) {
        if (report.has_progress()) samples.push_back(report.progress());
      }
      bool all_made = true;
      for (const Report& report : outcome->reports)
        all_made = all_made && !(report.has_ended() && report.ended().result().has_error());
      if (all_made) ExpectProgress(samples);
    }
  }
  std::cout << done << " runs went well, " << failed << " did not\n";
  EXPECT_GT(done, 40);
}

}  // namespace
}  // namespace spool::worker

// The fuzzer's entry over good inputs and over what becomes of them when bits flip: the same on every run.

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/av/failure.h"
#include "server/base/status_matchers.h"
#include "tests/fuzz/media_input.h"

// Read by the leak checker of a sanitizer build. x265 3.5 does not free its parameter strings.
extern "C" const char* __lsan_default_suppressions() { return "leak:libx265"; }

namespace spool::testing {
namespace {

constexpr int kTasks = 6;
constexpr char kPicture[] = "-f lavfi -i testsrc2=s=48x32:r=10:d=0.5";
constexpr char kTone[] = "-f lavfi -i sine=440:r=16000:d=0.5";

struct Seed {
  const char* name;
  const char* arguments;
  // Tasks that need a picture that moves or sound refuse it.
  bool is_video;
};

// One of each demuxer and decoder that strangers send most.
const Seed kSeeds[] = {
    {"a.mp4", "-c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p -c:a aac", true},
    {"a.webm", "-c:v libvpx-vp9 -cpu-used 8 -c:a libopus", true},
    {"a.mkv", "-c:v mpeg4 -c:a libmp3lame", true},
    {"a.avi", "-c:v mpeg4 -c:a pcm_s16le", true},
    {"a.ts", "-c:v mpeg2video -c:a mp2", true},
    {"a.flv", "-c:v flv -an", true},
    {"a.ogg", "-vn -c:a libvorbis", false},
    {"a.gif", "-an", true},
    {"a.png", "-an -frames:v 1", true},
    {"a.jpg", "-an -frames:v 1", true},
    {"a.webp", "-an -frames:v 1", true},
    {"a.wav", "-vn", false},
    {"a.flac", "-vn", false},
};

std::string Contents(const Seed& seed) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/", seed.name);
  const std::string command =
      absl::StrCat("ffmpeg -nostdin -v error -y ", kPicture, " ", kTone, " ", seed.arguments, " ", path);
  EXPECT_EQ(system(command.c_str()), 0) << command;
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

class MediaReplay : public ::testing::TestWithParam<Seed> {};

TEST_P(MediaReplay, GoodInputsAndDamagedOnesEndInOrder) {
  const std::string good = Contents(GetParam());
  ASSERT_FALSE(good.empty());
  // For the fuzzer, in the form that it takes.
  if (const char* folder = getenv("FUZZ_SEEDS"); folder != nullptr) {
    for (char task = 0; task < kTasks; ++task) {
      std::ofstream(absl::StrCat(folder, "/", GetParam().name, static_cast<int>(task)), std::ios::binary)
          << task << good;
    }
  }
  for (char task = 0; task < kTasks; ++task) {
    const absl::Status status = RunMediaInput(task + good);
    if (GetParam().is_video && task < 4) {
      EXPECT_OK(status) << GetParam().name << int{task};
    }
  }
  std::minstd_rand random(1);
  for (int round = 0; round < 60; ++round) {
    std::string bad = good;
    // Headers are where it hurts; the last rounds hit anywhere.
    const size_t reach = round < 40 ? std::min<size_t>(bad.size(), 600) : bad.size();
    for (int flips = 1 + round % 5; flips > 0; --flips) bad[random() % reach] ^= static_cast<char>(1 << random() % 8);
    if (round % 7 == 6) bad.resize(random() % bad.size());
    RunMediaInput(static_cast<char>(round % kTasks) + bad).IgnoreError();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MediaReplay, ::testing::ValuesIn(kSeeds),
                         [](const auto& info) { return std::string(info.param.name).substr(2); });

}  // namespace
}  // namespace spool::testing

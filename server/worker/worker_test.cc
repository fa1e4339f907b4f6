#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"
#include "server/worker/protocol/packet.h"
#include "server/worker/worker_harness.h"

namespace spool::worker {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kWorker[] = "server/worker/spool-worker";
constexpr absl::Duration kLimit = absl::Minutes(1);

std::string Temp(const std::string& name) { return std::string(getenv("TEST_TMPDIR")) + "/" + name; }

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

// Half a second of moving picture and sound.
std::string SampleVideo() {
  static const std::string* const path = new std::string([] {
    const std::string file = Temp("sample.mp4");
    const std::string command =
        "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=128x72:r=20:d=0.5 -f lavfi -i sine=440:r=48000:d=0.5 "
        "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac " +
        file;
    EXPECT_EQ(system(command.c_str()), 0);
    return file;
  }());
  return *path;
}

Order OrderOf(const std::string& text) {
  Order order;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &order)) << text;
  return order;
}

class WorkerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto harness = WorkerHarness::Start(kWorker, {"--test_faults"});
    ASSERT_OK(harness);
    harness_ = *std::move(harness);
  }

  WorkerHarness::Outcome Run(const Order& order, const ZygoteRequest::Spawn& spawn = {},
                             absl::Duration limit = kLimit) {
    UniqueFd input(open(SampleVideo().c_str(), O_RDONLY | O_CLOEXEC));
    UniqueFd output(open(Temp("output").c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    auto outcome = harness_->Run(order, spawn, input.get(), {output.get()}, limit);
    EXPECT_OK(outcome);
    return outcome.ok() ? *std::move(outcome) : WorkerHarness::Outcome{};
  }
  WorkerHarness::Outcome Fault(const std::string& name) {
    Order order = OrderOf("run { outputs { spec { resize { width: 64 } } } }");
    order.set_input_extension(name);
    return Run(order);
  }
  size_t OpenDescriptorsOfZygote() {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(harness_->zygote()) + "/fd")) {
      ++count;
    }
    return count;
  }

  std::unique_ptr<WorkerHarness> harness_;
};

// Of the first output; empty if it was not made.
const v1::JobResult& ResultOf(const WorkerHarness::Outcome& outcome) {
  for (const Report& report : outcome.reports) {
    if (report.has_ended() && report.ended().index() == 0) return report.ended().result().result();
  }
  return v1::JobResult::default_instance();
}

TEST_F(WorkerTest, ResizesInTheSandbox) {
  const auto outcome = Run(OrderOf("run { outputs { spec { resize { width: 64 height: 64 } } } } threads: 1"));
  ASSERT_TRUE(outcome.last().has_done()) << outcome.last().ShortDebugString() << outcome.exited.ShortDebugString();
  const v1::JobResult& result = ResultOf(outcome);
  EXPECT_EQ(result.width(), 64);
  EXPECT_EQ(result.height(), 64);
  EXPECT_EQ(result.frames(), 10);
  EXPECT_EQ(result.video_codec(), "h264");
  EXPECT_EQ(result.audio_codec(), "aac");
  EXPECT_EQ(result.bytes(), static_cast<int64_t>(std::filesystem::file_size(Temp("output"))));
  EXPECT_EQ(outcome.exited.exit_code(), 0);
  EXPECT_GT(outcome.exited.cpu_micros(), 0);
  EXPECT_GT(outcome.exited.max_rss_bytes(), 1 << 20);

  ASSERT_EQ(system(("sha256sum " + Temp("output") + " | cut -c1-64 | tr -d '\\n' > " + Temp("sum")).c_str()), 0);
  EXPECT_EQ(result.sha256(), Contents(Temp("sum")));
}

TEST_F(WorkerTest, ReportsProgressThatEndsAtOne) {
  const auto outcome = Run(OrderOf("run { outputs { spec { resize { width: 64 } } } } threads: 1"));
  double last = 0;
  for (const Report& report : outcome.reports) {
    if (!report.has_progress()) continue;
    EXPECT_GE(report.progress().fraction(), last);
    last = report.progress().fraction();
  }
  EXPECT_EQ(last, 1);
}

TEST_F(WorkerTest, EncodesWithEveryCodecUnderTheFilter) {
  for (const char* run : {
           "convert { container: CONTAINER_WEBM }",
           "convert { container: CONTAINER_MP4 video { codec: VIDEO_CODEC_HEVC } }",
           "convert { container: CONTAINER_MKV video { codec: VIDEO_CODEC_AV1 } audio { codec: AUDIO_CODEC_OPUS } }",
           "resize { width: 32 video { codec: VIDEO_CODEC_AV1 } }",
           "convert { container: CONTAINER_MOV video { codec: VIDEO_CODEC_H264 quality: 30 } }",
           "convert { container: CONTAINER_MKV }",
           "convert { container: CONTAINER_GIF }",
           "convert { container: CONTAINER_JPEG }",
           "convert { container: CONTAINER_PNG }",
           "convert { container: CONTAINER_WEBP }",
           "convert { container: CONTAINER_MP4 video { codec: VIDEO_CODEC_H264 bitrate_bps: 200000 two_pass: true } }",
           "convert { container: CONTAINER_MP4 video { codec: VIDEO_CODEC_HEVC target_bytes: 60000 } }",
           "convert { container: CONTAINER_WEBM video { codec: VIDEO_CODEC_VP9 bitrate_bps: 200000 two_pass: true } }",
           "convert { container: CONTAINER_MP4 audio { loudness {} } }",
           "thumbnail { width: 64 }",
           "sprite_sheet { tile_width: 32 }",
           "preview { width: 64 }",
           "preview { container: CONTAINER_GIF width: 64 }",
       }) {
    for (const int threads : {1, 3}) {
      Order order = OrderOf(std::string("run { outputs { spec { ") + run + " } } }");
      order.set_threads(threads);
      const auto outcome = Run(order);
      EXPECT_TRUE(outcome.last().has_done()) << run << "\n"
                                             << outcome.last().ShortDebugString() << outcome.exited.ShortDebugString();
    }
  }
}

TEST_F(WorkerTest, Probes) {
  const auto outcome = Run(OrderOf("probe {}"));
  ASSERT_TRUE(outcome.last().has_probed());
  EXPECT_EQ(outcome.last().probed().media().streams_size(), 2);
}

TEST_F(WorkerTest, FailsInWords) {
  const auto outcome = Run(OrderOf("run { outputs { spec { resize { width: 640 no_upscale: true } } } }"));
  ASSERT_TRUE(outcome.last().has_failed());
  EXPECT_EQ(outcome.last().failed().error().reason(), "INVALID_SPEC");
  EXPECT_FALSE(outcome.last().failed().error().retryable());
  EXPECT_THAT(outcome.last().failed().error().message(), HasSubstr("no_upscale"));
  EXPECT_EQ(outcome.exited.exit_code(), 0);
}

TEST_F(WorkerTest, HoldsTheOutputToItsLimit) {
  for (const bool by_kernel : {false, true}) {
    Order order = OrderOf("run { outputs { spec { resize { width: 1280 } } } }");
    ZygoteRequest::Spawn spawn;
    if (by_kernel) {
      spawn.set_max_output_bytes(4096);
    } else {
      order.mutable_limits()->set_max_output_bytes(4096);
    }
    const auto outcome = Run(order, spawn);
    EXPECT_EQ(outcome.last().failed().error().reason(), "LIMIT_EXCEEDED") << outcome.last().ShortDebugString();
    EXPECT_LE(std::filesystem::file_size(Temp("output")), 4096u);
  }
}

TEST_F(WorkerTest, TellsWhereItCrashed) {
  const auto outcome = Fault("testsegv");
  EXPECT_EQ(outcome.exited.signal(), SIGSEGV) << outcome.last().ShortDebugString();
  EXPECT_FALSE(outcome.exited.has_exit_code());
  EXPECT_THAT(outcome.exited.stack(), HasSubstr("CrashOnPurpose"));
  EXPECT_THAT(outcome.exited.stack(), HasSubstr("MaybeCommitFault"));
  EXPECT_THAT(outcome.exited.stack(), HasSubstr("RunChild"));
}

TEST_F(WorkerTest, TellsOfAbortsAndStacksThatOverflow) {
  EXPECT_EQ(Fault("testabort").exited.signal(), SIGABRT);
  const auto overflow = Fault("testoverflow");
  EXPECT_EQ(overflow.exited.signal(), SIGSEGV);
  EXPECT_THAT(overflow.exited.stack(), HasSubstr("Overflow"));
}

TEST_F(WorkerTest, ReportsExitWithoutAReport) {
  const auto outcome = Fault("testexit");
  EXPECT_THAT(outcome.reports, IsEmpty());
  EXPECT_EQ(outcome.exited.exit_code(), 7);
  EXPECT_THAT(outcome.exited.stack(), IsEmpty());
}

TEST_F(WorkerTest, MayNotStartPrograms) { EXPECT_EQ(Fault("testexec").exited.signal(), SIGSYS); }

TEST_F(WorkerTest, IsStoppedByTheKernelWhenItSpins) {
  Order order = OrderOf("run { outputs { spec { resize { width: 64 } } } } input_extension: 'testspin'");
  ZygoteRequest::Spawn spawn;
  spawn.set_max_cpu_seconds(1);
  // The hard limit is the soft one, so the kernel kills outright.
  const int killer = Run(order, spawn).exited.signal();
  EXPECT_TRUE(killer == SIGKILL || killer == SIGXCPU) << killer;
}

TEST_F(WorkerTest, IsStoppedByItsParentWhenItHangs) {
  const auto outcome = Run(OrderOf("run { outputs { spec { resize { width: 64 } } } } input_extension: 'testhang'"), {},
                           absl::Seconds(1));
  EXPECT_EQ(outcome.exited.signal(), SIGKILL);
}

TEST_F(WorkerTest, HasItsOwnFilesAndNothingElse) {
  Order order = OrderOf("run { outputs { spec { resize { width: 64 } } } } input_extension: 'testfiles'");
  const auto outcome = Run(order);
  ASSERT_TRUE(outcome.last().has_log_line()) << outcome.last().ShortDebugString();
  EXPECT_EQ(outcome.last().log_line(), "descriptors 0 1 2 3 4 5 6, 0 variables");
}

TEST_F(WorkerTest, GoesOnAfterCrashesAndLeaksNothing) {
  Fault("testsegv");
  const size_t before = OpenDescriptorsOfZygote();
  for (int i = 0; i < 20; ++i) Fault(i % 2 == 0 ? "testsegv" : "testexit");
  EXPECT_EQ(OpenDescriptorsOfZygote(), before);
  EXPECT_TRUE(Run(OrderOf("run { outputs { spec { resize { width: 64 } } } }")).last().has_done());
}

TEST_F(WorkerTest, IgnoresCtrlC) {
  kill(harness_->zygote(), SIGINT);
  kill(harness_->zygote(), SIGTERM);
  EXPECT_TRUE(Run(OrderOf("probe {}")).last().has_probed());
}

TEST_F(WorkerTest, RefusesASpawnWithoutItsDescriptors) {
  ZygoteRequest request;
  request.mutable_spawn()->set_id(5);
  ASSERT_OK(SendPacket(harness_->control(), request));
  ZygoteReply reply;
  ASSERT_OK(ReceivePacket(harness_->control(), reply));
  EXPECT_EQ(reply.spawn_failed().id(), 5u);
  EXPECT_TRUE(Run(OrderOf("probe {}")).last().has_probed());
}

TEST_F(WorkerTest, DiesBeforeItsParentAndWithIt) {
  auto sockets = MakePacketSocketPair();
  ASSERT_OK(sockets);
  UniqueFd input(open(SampleVideo().c_str(), O_RDONLY | O_CLOEXEC));
  ZygoteRequest request;
  request.mutable_spawn()->set_id(1);
  ASSERT_OK(SendPacket(harness_->control(), request, {sockets->second.get(), input.get()}));
  sockets->second.reset();
  ZygoteReply reply;
  std::vector<UniqueFd> fds;
  ASSERT_OK(ReceivePacket(harness_->control(), reply, &fds));
  ASSERT_OK(SendPacket(sockets->first.get(), OrderOf("probe {} input_extension: 'testhang'")));
  std::ifstream score("/proc/" + std::to_string(reply.spawned().pid()) + "/oom_score_adj");
  int adjusted = 0;
  EXPECT_TRUE(score >> adjusted);
  EXPECT_EQ(adjusted, 500) << "the kernel would rather end the server";

  const int status = harness_->Stop();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  // The child's end of the socket closes when the kernel has killed it.
  Report report;
  EXPECT_THAT(ReceivePacket(sockets->first.get(), report), StatusIs(absl::StatusCode::kOutOfRange));
}

TEST(Worker, CommitsNoFaultUnlessStartedForTests) {
  auto harness = WorkerHarness::Start(kWorker, {});
  ASSERT_OK(harness);
  UniqueFd input(open(SampleVideo().c_str(), O_RDONLY | O_CLOEXEC));
  auto outcome = (*harness)->Run(OrderOf("probe {} input_extension: 'testsegv'"), {}, input.get(), {}, kLimit);
  ASSERT_OK(outcome);
  EXPECT_TRUE(outcome->last().has_probed());
}

}  // namespace
}  // namespace spool::worker

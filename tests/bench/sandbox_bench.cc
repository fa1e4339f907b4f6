// What the sandbox costs: how soon a child is heard, and how much longer a transcode takes in one than the same call in
// this process, which is in none. The two sides take turns.
//
//   bazel run //tests/bench:sandbox_bench -- [--pairs=9] [--json]

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/text_format.h"
#include "server/base/unique_fd.h"
#include "server/media/ask.h"
#include "server/media/run.h"
#include "server/worker/worker_harness.h"
#include "spool/v1/job.pb.h"
#include "tests/support/program.h"

ABSL_FLAG(int, pairs, 9, "how often each side transcodes");
ABSL_FLAG(bool, json, false, "one JSON object a line");

namespace spool {
namespace {

// `bazel run` starts us where it is.
constexpr char kWorker[] = "server/worker/spool-worker";

using Clock = std::chrono::steady_clock;

[[noreturn]] void Die(const std::string& why) {
  std::cerr << "sandbox_bench: " << why << "\n";
  exit(1);
}

double SecondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// From the request for a child to its first word out of the sandbox, and until it is reaped. The word is a refusal, so
// there is nothing else in it.
void TimeReady(worker::WorkerHarness& harness) {
  const UniqueFd input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  worker::Order order;
  // A message without fields would be an empty packet, which is how a socket says that it is closed.
  order.set_threads(1);
  std::vector<double> heard, reaped;
  constexpr int kRuns = 300;
  for (int i = 0; i < kRuns; ++i) {
    const auto begin = Clock::now();
    const auto outcome = harness.Run(order, {}, input.get(), {}, absl::Seconds(10));
    if (!outcome.ok() || !outcome->last().has_failed()) Die("the sandboxed child said nothing");
    heard.push_back(absl::ToDoubleMilliseconds(outcome->heard_after));
    reaped.push_back(SecondsSince(begin) * 1000);
  }
  std::sort(heard.begin(), heard.end());
  const double median = Median(heard);
  const double late = heard[heard.size() * 95 / 100];
  std::cout << absl::StrFormat(
                   absl::GetFlag(FLAGS_json)
                       ? "{\"case\":\"ready\",\"ms\":%.3f,\"p95_ms\":%.3f,\"reaped_ms\":%.3f,\"goal_ms\":2,"
                         "\"reached\":%s}\n"
                       : "ready: heard of after %.2f ms (p95 %.2f ms), reaped after %.2f ms; must be 2 ms: %s\n",
                   median, late, Median(reaped), median <= 2 ? "true" : "false")
            << std::flush;
}

// Two seconds of work for one thread.
void TimeOverhead(worker::WorkerHarness& harness) {
  const std::string folder = std::filesystem::temp_directory_path() / absl::StrCat("sandbox_bench.", getpid());
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/in.mp4";
  const auto made = testing::RunProgram(
      {"sh", "-c",
       absl::StrCat("ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=1280x720:r=30:d=8 -f lavfi -i "
                    "sine=440:r=48000:d=8 -vf noise=alls=12:allf=t -c:v libx264 -preset veryfast -pix_fmt yuv420p -c:a "
                    "aac ",
                    path)});
  if (!made.ok() || made->code != 0) Die("ffmpeg did not make the input");
  const UniqueFd input(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::filesystem::remove_all(folder);

  worker::Order order;
  if (!google::protobuf::TextFormat::ParseFromString(
          "run { outputs { spec { resize { width: 640 } } } } threads: 1 input_extension: 'mp4' limits { max_pixels: "
          "67108864 max_streams: 64 max_alloc_bytes: 536870912 max_output_bytes: 1073741824 }",
          &order)) {
    Die("that is no order");
  }
  const media::Task task = media::TaskOf(order.run().outputs(0).spec(), v1::CONTAINER_UNSPECIFIED);
  media::RunOptions options;
  options.limits = {.max_pixels = 67108864, .max_streams = 64, .max_alloc_bytes = 536870912};
  options.input_extension = "mp4";
  worker::ZygoteRequest::Spawn spawn;
  spawn.set_max_output_bytes(1 << 30);
  spawn.set_max_cpu_seconds(600);

  std::vector<double> inside, outside, ratios;
  // The first turn of each is to warm up.
  for (int i = 0; i <= absl::GetFlag(FLAGS_pairs); ++i) {
    const UniqueFd one(memfd_create("inside", MFD_CLOEXEC));
    const UniqueFd other(memfd_create("outside", MFD_CLOEXEC));
    auto begin = Clock::now();
    const auto outcome = harness.Run(order, spawn, input.get(), {one.get()}, absl::Minutes(5));
    const double in = SecondsSince(begin);
    if (!outcome.ok() || !outcome->last().has_done()) Die("the sandboxed transcode failed");
    begin = Clock::now();
    const auto result = media::RunTask(
        task, options, input.get(), other.get(), [] { return absl::ZeroDuration(); }, [](const v1::JobProgress&) {});
    const double out = SecondsSince(begin);
    if (!result.ok()) Die(result.status().ToString());
    if (i == 0) continue;
    inside.push_back(in);
    outside.push_back(out);
    ratios.push_back(in / out);
    std::cerr << "." << std::flush;
  }
  std::cerr << "\n";
  const double percent = (Median(ratios) - 1) * 100;
  std::cout << absl::StrFormat(
      absl::GetFlag(FLAGS_json)
          ? "{\"case\":\"overhead\",\"inside_s\":%.3f,\"outside_s\":%.3f,\"percent\":%.2f,\"goal_percent\":3,"
            "\"reached\":%s}\n"
          : "overhead: %.3f s in the sandbox, %.3f s outside: %+.2f %% by the median pair; must be 3 %%: %s\n",
      Median(inside), Median(outside), percent, percent <= 3 ? "true" : "false");
}

int Main() {
  auto harness = worker::WorkerHarness::Start(kWorker, {});
  if (!harness.ok()) Die(harness.status().ToString());
  TimeReady(**harness);
  TimeOverhead(**harness);
  return 0;
}

}  // namespace
}  // namespace spool

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return spool::Main();
}

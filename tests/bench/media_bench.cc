// Whole jobs against the ffmpeg program with the same encoder settings: time from the first Enqueue to the last
// COMPLETED, in a server that is already up, against the time that the program takes for the same work, one command at
// a time and, where there are several jobs, two at a time with one thread each (xargs -P2). The two sides take turns;
// what is printed is the median of the ratios, above 1 when Spool is faster.
//
//   bazel run //tests/bench:media_bench -- [--cases=a,b] [--pairs=5] [--json]

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/cpp/client.h"
#include "google/protobuf/text_format.h"
#include "spool/v1/job_service.pb.h"
#include "tests/support/program.h"
#include "tests/support/spoold_process.h"

ABSL_FLAG(std::vector<std::string>, cases, {}, "names of the cases to run; empty: all");
ABSL_FLAG(int, pairs, 5, "how often each side runs");
ABSL_FLAG(bool, json, false, "one JSON object a line");

namespace spool {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Die(const std::string& why) {
  std::cerr << "media_bench: " << why << "\n";
  exit(1);
}

double Seconds(std::chrono::steady_clock::duration time) { return std::chrono::duration<double>(time).count(); }

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// The time that a shell command takes. It must succeed.
double Time(const std::string& command) {
  const auto begin = std::chrono::steady_clock::now();
  const auto exit = testing::RunProgram({"sh", "-c", command});
  if (!exit.ok() || exit->code != 0)
    Die(absl::StrCat(command, ": ", exit.ok() ? exit->error : exit.status().ToString()));
  return Seconds(std::chrono::steady_clock::now() - begin);
}

// One thing that ffmpeg is asked for in place of Spool.
struct Rival {
  std::string name;
  // Of the whole work; {in}, {out} and {jobs} are filled in.
  std::string command;
  // What must be reached.
  double goal;
};

struct Case {
  std::string name;
  // Makes {in}, once.
  std::string input;
  std::string extension;
  int jobs;
  // An EnqueueRequest without input.
  std::string request;
  std::vector<Rival> rivals;
};

constexpr char kFfmpeg[] = "ffmpeg -nostdin -v error -y ";

std::string OneByOne(const std::string& arguments) {
  return absl::StrCat("for i in $(seq {jobs}); do ", kFfmpeg, absl::StrReplaceAll(arguments, {{"{n}", "$i"}}),
                      " || exit 1; done");
}
std::string TwoAtATime(const std::string& arguments) {
  return absl::StrCat("seq {jobs} | xargs -P2 -I@ ", kFfmpeg,
                      absl::StrReplaceAll(arguments, {{"{n}", "@"}, {"{out}", "-threads 1 {out}"}}));
}

// Moving detail and grain, about as hard to code as footage: 5 Mb/s at 1080p.
std::string Footage(int seconds) {
  return absl::StrCat(
      kFfmpeg, "-f lavfi -i testsrc2=s=1920x1080:r=30:d=", seconds, " -f lavfi -i sine=440:r=48000:d=", seconds,
      " -vf noise=alls=12:allf=t -c:v libx264 -preset veryfast -b:v 5M -maxrate 6M -bufsize 6M -pix_fmt "
      "yuv420p -c:a aac -b:a 128k {in}");
}
std::string Photo(int width, int height) {
  return absl::StrCat(kFfmpeg, "-f lavfi -i testsrc2=s=", width, "x", height,
                      ":r=1:d=1 -frames:v 1 -vf noise=alls=10 -q:v 3 {in}");
}

std::vector<Case> AllCases() {
  constexpr char kX264[] = "-c:v libx264 -preset veryfast -crf 23";
  const std::string resize = absl::StrCat("-i {in} -vf scale=640:-2 ", kX264, " -c:a copy {out}{n}.mp4");
  const std::string vp9 =
      "-i {in} -vf scale=640:-2 -c:v libvpx-vp9 -crf 32 -b:v 0 -deadline good -cpu-used 4 -row-mt 1 -tile-columns 1 "
      "-an "
      "{out}{n}.webm";
  const std::string remux = "-i {in} -c copy {out}{n}.mkv";
  const std::string ladder_run = absl::StrCat("for h in 720 480 360 240; do ", kFfmpeg, "-i {in} -vf scale=-2:$h ",
                                              kX264, " -c:a copy {out}$h.mp4; done");
  const std::string ladder_split = absl::StrCat(
      kFfmpeg,
      "-i {in} -filter_complex '[0:v]split=4[a][b][c][d];[a]scale=-2:720[a1];[b]scale=-2:480[b1];"
      "[c]scale=-2:360[c1];[d]scale=-2:240[d1]' -map '[a1]' -map 0:a ",
      kX264, " -c:a copy {out}a.mp4 -map '[b1]' -map 0:a ", kX264, " -c:a copy {out}b.mp4 -map '[c1]' -map 0:a ", kX264,
      " -c:a copy {out}c.mp4 -map '[d1]' -map 0:a ", kX264, " -c:a copy {out}d.mp4");
  const auto thumb = [](int width) { return absl::StrCat("-i {in} -vf scale=", width, ":-1 -q:v 3 {out}{n}.jpg"); };
  return {
      {"resize_equal_frames",
       Footage(20),
       "mp4",
       1,
       "resize { width: 800 video { codec: VIDEO_CODEC_H264 scaler: SCALER_SWSCALE } audio { codec: AUDIO_CODEC_AAC "
       "bitrate_bps: 128000 } }",
       {{"ffmpeg", absl::StrCat(kFfmpeg, "-i {in} -vf scale=800:-2 ", kX264, " -c:a aac -b:a 128k {out}.mp4"), 1.05}}},
      {"resize",
       Footage(20),
       "mp4",
       1,
       "resize { width: 800 }",
       {{"ffmpeg", absl::StrCat(kFfmpeg, "-i {in} -vf scale=800:-2 ", kX264, " -c:a aac -b:a 128k {out}.mp4"), 1.15}}},
      {"resize_queue",
       Footage(5),
       "mp4",
       8,
       "resize { width: 640 }",
       {{"-P1", OneByOne(resize), 1.25}, {"-P2", TwoAtATime(resize), 1.10}}},
      {"vp9_queue",
       Footage(3),
       "mp4",
       8,
       "resize { width: 640 container: CONTAINER_WEBM video { codec: VIDEO_CODEC_VP9 } audio { mute: true } }",
       {{"-P1", OneByOne(vp9), 1.25}, {"-P2", TwoAtATime(vp9), 1.0}}},
      {"ladder",
       Footage(10),
       "mp4",
       1,
       "outputs { outputs { resize { height: 720 } } outputs { resize { height: 480 } } outputs { resize { height: 360 "
       "} "
       "} outputs { resize { height: 240 } } }",
       {{"four runs", ladder_run, 1.6}, {"one split graph", ladder_split, 1.10}}},
      {"remux_queue",
       Footage(5),
       "mp4",
       20,
       "convert { container: CONTAINER_MKV }",
       {{"-P1", OneByOne(remux), 5}, {"-P2", TwoAtATime(remux), 2.5}}},
      {"mkv_by_default",
       Footage(5),
       "mp4",
       1,
       "convert { container: CONTAINER_MKV }",
       {{"ffmpeg with its defaults", absl::StrCat(kFfmpeg, "-i {in} {out}.mkv"), 100}}},
      {"jpeg_1mpx_queue",
       Photo(1366, 911),
       "jpg",
       40,
       "resize { width: 320 }",
       {{"-P1", OneByOne(thumb(320)), 8}, {"-P2", TwoAtATime(thumb(320)), 4}}},
      {"jpeg_8mpx_queue",
       Photo(3264, 2448),
       "jpg",
       20,
       "resize { width: 640 }",
       {{"-P1", OneByOne(thumb(640)), 4}, {"-P2", TwoAtATime(thumb(640)), 2}}},
  };
}

class Bench {
 public:
  Bench() {
    if (absl::Status started = server_.Start(); !started.ok()) Die(started.ToString());
    client_ = std::make_unique<client::Client>(server_.address());
    scratch_ = absl::StrCat(server_.folder(), "/scratch/");
    fs::create_directories(scratch_);
  }

  void Run(const Case& one) {
    const std::string file = absl::StrCat(one.name, ".", one.extension);
    const std::string input = absl::StrCat(server_.media_root(), "/", file);
    const auto fill = [&](const std::string& command) {
      return absl::StrReplaceAll(
          command, {{"{in}", input}, {"{out}", absl::StrCat(scratch_, "out")}, {"{jobs}", absl::StrCat(one.jobs)}});
    };
    Time(fill(one.input));
    std::vector<double> spool;
    std::vector<std::vector<double>> rivals(one.rivals.size());
    // The first turn of each is to warm up.
    for (int i = 0; i <= absl::GetFlag(FLAGS_pairs); ++i) {
      const double ours = TimeJobs(one, file);
      if (i > 0) spool.push_back(ours);
      for (size_t r = 0; r < rivals.size(); ++r) {
        const double theirs = Time(fill(one.rivals[r].command));
        if (i > 0) rivals[r].push_back(theirs);
      }
      std::cerr << "." << std::flush;
    }
    std::cerr << "\n";
    for (size_t r = 0; r < rivals.size(); ++r) {
      std::vector<double> ratios;
      for (size_t i = 0; i < spool.size(); ++i) ratios.push_back(rivals[r][i] / spool[i]);
      Print(one, one.rivals[r], Median(spool), Median(rivals[r]), ratios);
    }
    std::cout << std::flush;
  }

 private:
  double TimeJobs(const Case& one, const std::string& file) {
    v1::EnqueueBatchRequest batch;
    for (int i = 0; i < one.jobs; ++i) {
      v1::EnqueueRequest& request = *batch.add_requests();
      if (!google::protobuf::TextFormat::ParseFromString(one.request, &request)) Die(one.request);
      request.set_input(file);
    }
    v1::WatchEventsRequest watch;
    const auto begin = std::chrono::steady_clock::now();
    const auto enqueued = client_->EnqueueBatch(batch);
    if (!enqueued.ok()) Die(enqueued.status().ToString());
    for (const v1::EnqueueBatchResult& result : enqueued->results()) {
      if (!result.has_response()) Die(result.failure().message());
      watch.mutable_filter()->add_job_ids(result.response().job().id());
    }
    watch.set_after_sequence(enqueued->results(0).response().sequence() - 1);
    watch.set_until_terminal(true);
    const auto watcher = client_->Watch(watch, {});
    int completed = 0;
    for (;;) {
      const auto update = watcher->Next();
      if (!update.ok() || !update->has_value()) break;
      for (const v1::Event& event : (*update)->events()) {
        if (event.type() == v1::EVENT_TYPE_FAILED) Die(event.failed().error().message());
        completed += event.type() == v1::EVENT_TYPE_COMPLETED ? 1 : 0;
      }
      if (completed == one.jobs) break;
    }
    if (completed < one.jobs) Die("the feed ended early");
    return Seconds(std::chrono::steady_clock::now() - begin);
  }

  void Print(const Case& one, const Rival& rival, double ours, double theirs, const std::vector<double>& ratios) {
    const double ratio = Median(ratios);
    const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
    if (absl::GetFlag(FLAGS_json)) {
      std::cout << absl::StrFormat(
          "{\"case\":\"%s\",\"against\":\"%s\",\"spool_s\":%.4f,\"ffmpeg_s\":%.4f,\"ratio\":%.3f,\"ratio_min\":%.3f,"
          "\"ratio_max\":%.3f,\"goal\":%.2f}\n",
          one.name, rival.name, ours, theirs, ratio, *least, *most, rival.goal);
      return;
    }
    std::cout << absl::StrFormat("%-20s against %-26s %8.3f s  %8.3f s  %7.2fx (%.2f to %.2f)  must %.2fx  %s\n",
                                 one.name, rival.name, ours, theirs, ratio, *least, *most, rival.goal,
                                 ratio >= rival.goal ? "reached" : "MISSED");
  }

  testing::SpooldProcess server_;
  std::unique_ptr<client::Client> client_;
  std::string scratch_;
};

}  // namespace
}  // namespace spool

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  // Where `bazel run` starts us is the root of what we need.
  setenv("TEST_SRCDIR", absl::StrCat(std::filesystem::current_path().parent_path().string()).c_str(), 0);
  setenv("TEST_WORKSPACE", "spool", 0);
  const std::vector<std::string> wanted = absl::GetFlag(FLAGS_cases);
  const auto is_wanted = [&wanted](const std::string& name) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
  };
  spool::Bench bench;
  for (const spool::Case& one : spool::AllCases()) {
    if (is_wanted(one.name)) bench.Run(one);
  }
}

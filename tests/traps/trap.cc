#include "tests/traps/trap.h"

#include <fcntl.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/text_format.h"
#include "server/av/log_tail.h"
#include "server/base/status_matchers.h"
#include "server/base/unique_fd.h"
#include "tests/support/program.h"

// Read by the leak checker of a sanitizer build. x265 3.5 does not free its parameter strings.
extern "C" const char* __lsan_default_suppressions() { return "leak:libx265"; }

namespace spool::testing {
namespace {

constexpr char kFunctions[] = "tests/traps/functions.sh";

media::Task TaskOf(const std::string& text) {
  media::Task task;
  v1::Job job;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &job)) << text;
  if (job.has_convert()) {
    task.spec = job.convert();
  } else {
    task.spec = job.resize();
  }
  return task;
}

double ThreadCpuSeconds() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

void TrapTest::SetUpTestSuite() {
  // Its lines would tear the report apart.
  av::CaptureLog([](const std::string&) {});
  printf("| input | expected | got | judge |\n| --- | --- | --- | --- |\n");
}

std::string TrapTest::Shell(const std::string& line) const {
  const auto exit = RunProgram({"sh", "-c", absl::StrCat("set -eu; . ", kFunctions, "; ", line)},
                               {absl::StrCat("in=", in_), absl::StrCat("out=", out_), absl::StrCat("dir=", folder_)});
  if (!exit.ok() || exit->code != 0 || !exit->error.empty()) {
    ADD_FAILURE() << line << "\n"
                  << (exit.ok() ? absl::StrCat("ended with ", exit->code, ": ", exit->error)
                                : exit.status().ToString());
    return "";
  }
  return std::string(absl::StripAsciiWhitespace(exit->out));
}

void TrapTest::Note(const std::string& expected, const std::string& got, const std::string& judge) {
  const std::string row = absl::StrJoin({GetParam().name, expected, got, judge}, " | ");
  printf("| %s |\n", absl::StrReplaceAll(row, {{"\n", " / "}}).c_str());
}

absl::StatusOr<v1::JobResult> TrapTest::Run() {
  const Trap& trap = GetParam();
  UniqueFd in(open(in_.c_str(), O_RDONLY | O_CLOEXEC));
  UniqueFd out(open(out_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  media::RunOptions options;
  options.limits = trap.limits;
  options.input_extension = trap.extension;
  const double before = ThreadCpuSeconds();
  auto result = media::RunTask(
      TaskOf(trap.task), options, in.get(), out.get(), [] { return absl::ZeroDuration(); },
      [](const v1::JobProgress&) {});
  cpu_seconds_ = ThreadCpuSeconds() - before;
  return result;
}

TEST_P(TrapTest, EndsAsItShould) {
  const Trap& trap = GetParam();
  folder_ = absl::StrCat(::testing::TempDir(), "/", trap.name);
  std::filesystem::create_directories(folder_);
  in_ = absl::StrCat(folder_, "/in.", trap.extension);
  out_ = absl::StrCat(folder_, "/out");
  Shell(trap.make);
  ASSERT_FALSE(HasFailure()) << "no input";

  const auto result = Run();
  if (trap.refused.has_value()) {
    const std::string expected(av::ReasonName(*trap.refused));
    const std::string got = result.ok() ? "done" : std::string(av::ReasonName(av::ReasonOf(result.status())));
    Note(expected, absl::StrFormat("%s (%s) after %.3f s", got, result.status().message(), cpu_seconds_), trap.task);
    EXPECT_EQ(got, expected) << result.status();
    EXPECT_LT(cpu_seconds_, trap.most_cpu_seconds) << "refusing costs too much";
    return;
  }
  ASSERT_OK(result.status()) << trap.task;
  std::vector<std::string> told(result->warnings().begin(), result->warnings().end());
  // Inputs as small as these grow easily, and say nothing by it.
  told.erase(std::remove_if(told.begin(), told.end(),
                            [](const std::string& warning) {
                              return absl::StartsWith(warning, "the output is larger than the input");
                            }),
             told.end());
  const std::string warnings = absl::StrJoin(told, "\n");
  EXPECT_THAT(warnings, trap.warnings);
  if (!warnings.empty()) Note(::testing::DescribeMatcher<std::string>(trap.warnings), warnings, "warnings");
  Shell("ffprobe -v error -count_frames -show_entries stream=nb_read_frames \"$out\"");
  for (const Look& look : trap.looks) {
    const std::string got = Shell(look.command);
    Note(::testing::DescribeMatcher<std::string>(look.expected), got, look.command);
    EXPECT_THAT(got, look.expected) << trap.task << "\n" << look.command << "\n" << result->ShortDebugString();
  }
  std::filesystem::remove_all(folder_);
}

}  // namespace spool::testing

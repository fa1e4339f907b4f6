// Inputs that programs like to get wrong: made by ffmpeg, run through Spool, and judged by ffprobe and ffmpeg.

#ifndef SPOOL_TESTS_TRAPS_TRAP_H_
#define SPOOL_TESTS_TRAPS_TRAP_H_

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/av/failure.h"
#include "server/media/run.h"

namespace spool::testing {

// One question to a judge: a line of shell, and what it should print. The files are $in and $out.
struct Look {
  std::string command;
  ::testing::Matcher<std::string> expected;
};

// One input and what should become of it. Lines of shell know what is in functions.sh.
struct Trap {
  // A sentence in one word.
  std::string name;
  // Leaves the input in $in.
  std::string make;
  // The spec as a Job has it, in protobuf's text.
  std::string task;
  std::vector<Look> looks = {};
  // How the run fails, if it should.
  std::optional<av::Reason> refused = std::nullopt;
  // The result's warnings, one a line.
  ::testing::Matcher<std::string> warnings = "";
  media::RunLimits limits = {};
  // What a refusal may cost.
  double most_cpu_seconds = 1;
  // Of the input's name.
  std::string extension = "mp4";
};

inline void PrintTo(const Trap& trap, std::ostream* out) { *out << trap.name; }

// Instantiate with traps: INSTANTIATE_TEST_SUITE_P(Time, TrapTest, ValuesIn(Traps()), TrapTest::Name).
class TrapTest : public ::testing::TestWithParam<Trap> {
 public:
  static std::string Name(const ::testing::TestParamInfo<Trap>& info) { return info.param.name; }

 protected:
  static void SetUpTestSuite();
  // Runs a line of shell. Its complaints, if any, are a failure of the test.
  std::string Shell(const std::string& line) const;
  // Adds a line to the report.
  void Note(const std::string& expected, const std::string& got, const std::string& judge);
  // RunTask on the trap's input; seconds of this thread's work go to the report if the run is refused.
  absl::StatusOr<v1::JobResult> Run();

  std::string folder_;
  std::string in_;
  std::string out_;
  double cpu_seconds_ = 0;
};

// Numbers in text.
MATCHER_P2(Near, number, slack, "is about " + ::testing::PrintToString(number)) {
  char* end = nullptr;
  const double value = strtod(arg.c_str(), &end);
  return end != arg.c_str() && value >= number - slack && value <= number + slack;
}
MATCHER_P(AtMost, number, "is at most " + ::testing::PrintToString(number)) {
  char* end = nullptr;
  return strtod(arg.c_str(), &end) <= number && end != arg.c_str();
}
MATCHER_P(AtLeast, number, "is at least " + ::testing::PrintToString(number)) {
  char* end = nullptr;
  return strtod(arg.c_str(), &end) >= number && end != arg.c_str();
}

}  // namespace spool::testing

#endif  // SPOOL_TESTS_TRAPS_TRAP_H_

#include "tests/support/spoold_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "server/base/posix_error.h"
#include "server/base/status_macros.h"

namespace spool::testing {
namespace {

constexpr absl::string_view kReady = "spoold ready ";

// The first line, without its end; shorter when the pipe is closed before.
std::string ReadLine(int fd) {
  std::string line;
  for (;;) {
    char c;
    const ssize_t size = read(fd, &c, 1);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0 || c == '\n') return line;
    line += c;
  }
}

// The parent in /proc/PID/stat, whose second field may hold anything but ends with the last ')'.
pid_t ParentOf(const std::filesystem::path& process) {
  std::ifstream file(process / "stat");
  std::string text;
  std::getline(file, text);
  const std::vector<std::string> fields = absl::StrSplit(text.substr(text.rfind(')') + 1), ' ', absl::SkipEmpty());
  pid_t parent = -1;
  // A zombie has ended, only nobody has asked how.
  if (fields.size() < 2 || fields[0] == "Z" || !absl::SimpleAtoi(fields[1], &parent)) return -1;
  return parent;
}

}  // namespace

std::string Runfile(const std::string& path) {
  return absl::StrCat(getenv("TEST_SRCDIR"), "/", getenv("TEST_WORKSPACE"), "/", path);
}

std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    pid_t pid;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    if (ParentOf(entry.path()) == parent) children.push_back(pid);
  }
  return children;
}

SpooldProcess::SpooldProcess() {
  folder_ = absl::StrCat(::testing::TempDir(), "/spoold-XXXXXX");
  if (mkdtemp(folder_.data()) == nullptr) ADD_FAILURE() << PosixError(errno, folder_);
  for (const std::string& folder : {data_dir(), media_root(), output_root()}) {
    std::filesystem::create_directories(folder);
  }
}

SpooldProcess::~SpooldProcess() {
  Kill();
  if (::testing::Test::HasFailure()) fprintf(stderr, "---- log of spoold ----\n%s----\n", Log().c_str());
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

absl::Status SpooldProcess::Start(const std::vector<std::string>& flags, const std::vector<std::string>& environment) {
  std::vector<std::string> arguments = {
      Runfile("server/spoold"),
      absl::StrCat("--worker=", Runfile("server/worker/spool-worker")),
      absl::StrCat("--grpc_address=", address_.empty() ? "127.0.0.1:0" : address_),
      absl::StrCat("--http_address=", http_address_.empty() ? "127.0.0.1:0" : http_address_),
      absl::StrCat("--data_dir=", data_dir()),
      absl::StrCat("--media_root=", media_root()),
      absl::StrCat("--output_root=", output_root()),
  };
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  SPOOL_ASSIGN_OR_RETURN(Program program, StartProgram(arguments, environment));
  pid_ = program.pid;
  out_ = std::move(program.out);
  const int error = program.error.get();
  if (fcntl(error, F_SETFL, O_NONBLOCK) != 0) return PosixError(errno, "the pipe of the log");
  {
    absl::MutexLock lock(&mu_);
    error_ = std::move(program.error);
  }
  log_reader_ = std::thread([this, error] {
    pollfd pipe = {.fd = error, .events = POLLIN, .revents = 0};
    for (;;) {
      poll(&pipe, 1, -1);
      absl::MutexLock lock(&mu_);
      if (!ReadLog()) return;
    }
  });

  const std::string line = ReadLine(out_.get());
  if (!absl::StartsWith(line, kReady)) {
    const absl::StatusOr<Exit> exit = WaitForExit();
    return absl::FailedPreconditionError(
        absl::StrCat(Log(), "exit code ", exit.ok() ? absl::StrCat(exit->code) : exit.status().ToString()));
  }
  for (absl::string_view word : absl::StrSplit(line.substr(kReady.size()), ' ')) {
    if (absl::ConsumePrefix(&word, "grpc=")) address_ = std::string(word);
    if (absl::ConsumePrefix(&word, "http=")) http_address_ = std::string(word);
  }
  return absl::OkStatus();
}

void SpooldProcess::ForgetProcess() {
  pid_ = -1;
  out_.reset();
  if (log_reader_.joinable()) log_reader_.join();
  absl::MutexLock lock(&mu_);
  error_.reset();
}

bool SpooldProcess::ReadLog() const {
  char buffer[4096];
  for (;;) {
    const ssize_t size = read(error_.get(), buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN;
    // The zygote holds the pipe too and dies with its server.
    if (size == 0) return false;
    log_.append(buffer, static_cast<size_t>(size));
  }
}

void SpooldProcess::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  const absl::StatusOr<Exit> exit = WaitForEnd(pid_, absl::Seconds(60));
  if (!exit.ok()) ADD_FAILURE() << exit.status();
  ForgetProcess();
}

void SpooldProcess::Terminate() { kill(pid_, SIGTERM); }

absl::StatusOr<Exit> SpooldProcess::WaitForExit(absl::Duration longest) {
  SPOOL_ASSIGN_OR_RETURN(Exit exit, WaitForEnd(pid_, longest));
  ForgetProcess();
  exit.error = Log();
  return exit;
}

std::string SpooldProcess::Log() const {
  absl::MutexLock lock(&mu_);
  // The thread that reads may be behind.
  if (error_.valid()) ReadLog();
  return log_;
}

absl::Status SpooldProcess::AwaitLog(const std::string& text) const {
  absl::MutexLock lock(&mu_);
  const auto there = [&] {
    mu_.AssertHeld();
    return absl::StrContains(log_, text);
  };
  if (mu_.AwaitWithTimeout(absl::Condition(&there), absl::Minutes(1))) return absl::OkStatus();
  return absl::DeadlineExceededError(absl::StrCat("the log does not say: ", text));
}

absl::StatusOr<pid_t> SpooldProcess::Zygote() const {
  const std::vector<pid_t> children = ChildrenOf(pid_);
  if (children.size() != 1) return absl::NotFoundError(absl::StrCat("spoold has ", children.size(), " children"));
  return children.front();
}

std::vector<pid_t> SpooldProcess::Workers() const {
  const absl::StatusOr<pid_t> zygote = Zygote();
  return zygote.ok() ? ChildrenOf(*zygote) : std::vector<pid_t>();
}

std::vector<std::string> SpooldProcess::OutputFiles() const {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(output_root())) {
    // A running server takes files away meanwhile, so nothing here may look at the file again.
    std::error_code gone;
    if (!entry.is_directory(gone) && !gone) files.push_back(entry.path().lexically_relative(output_root()));
  }
  return files;
}

}  // namespace spool::testing

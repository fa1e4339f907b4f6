// The real server as a process, to be stopped, killed and started again.

#ifndef SPOOL_TESTS_SUPPORT_SPOOLD_PROCESS_H_
#define SPOOL_TESTS_SUPPORT_SPOOLD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tests/support/program.h"

namespace spool::testing {

// Folders of a server and the process that serves them. The folders are made anew for each object, under the test's
// own; the process is killed when the object goes. Not thread-safe.
class SpooldProcess {
 public:
  SpooldProcess();
  ~SpooldProcess();
  SpooldProcess(const SpooldProcess&) = delete;
  SpooldProcess& operator=(const SpooldProcess&) = delete;

  // Starts the server and waits for its ready line. It gets free ports the first time and the same ones from then on.
  // Flags given here come after, and win over, those that name folders and ports.
  // FailedPrecondition: it ended instead; the message is what it wrote to stderr.
  // `environment` is as of StartProgram.
  absl::Status Start(const std::vector<std::string>& flags = {}, const std::vector<std::string>& environment = {});

  // As a crash of the machine's power would, as far as the process is concerned.
  void Kill();
  // Asks it to stop (SIGTERM); does not wait.
  void Terminate();
  // Waits for its end. DeadlineExceeded: it goes on.
  absl::StatusOr<Exit> WaitForExit(absl::Duration longest = absl::Seconds(60));
  bool running() const { return pid_ > 0; }

  // host:port of gRPC.
  const std::string& address() const { return address_; }
  // host:port of HTTP.
  const std::string& http_address() const { return http_address_; }
  pid_t pid() const { return pid_; }
  const std::string& folder() const { return folder_; }
  std::string data_dir() const { return folder_ + "/data"; }
  std::string media_root() const { return folder_ + "/media"; }
  std::string output_root() const { return folder_ + "/out"; }
  // What it, and those before it, wrote to stderr so far: nothing that was written before this call is missing.
  std::string Log() const ABSL_LOCKS_EXCLUDED(mu_);
  // Waits until Log() has this text. DeadlineExceeded: it is not there after a minute.
  absl::Status AwaitLog(const std::string& text) const ABSL_LOCKS_EXCLUDED(mu_);

  // The process that forks workers.
  absl::StatusOr<pid_t> Zygote() const;
  // Its children: the workers of running jobs.
  std::vector<pid_t> Workers() const;
  // Files under the output root, finished and unfinished, as paths from there.
  std::vector<std::string> OutputFiles() const;

 private:
  void ForgetProcess() ABSL_LOCKS_EXCLUDED(mu_);
  // Takes what the pipe of the log holds. False: it is closed.
  bool ReadLog() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  std::string folder_;
  std::string address_;
  std::string http_address_;
  pid_t pid_ = -1;
  UniqueFd out_;  // open as long as it runs: a write to a closed pipe would be an error
  std::thread log_reader_;
  mutable absl::Mutex mu_;
  UniqueFd error_ ABSL_GUARDED_BY(mu_);  // does not block
  mutable std::string log_ ABSL_GUARDED_BY(mu_);
};

// Where the test's data dependencies lie: "server/spoold".
std::string Runfile(const std::string& path);

// Processes whose parent is `parent`.
std::vector<pid_t> ChildrenOf(pid_t parent);

}  // namespace spool::testing

#endif  // SPOOL_TESTS_SUPPORT_SPOOLD_PROCESS_H_

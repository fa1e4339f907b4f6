#include "tests/notify/helper.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/base/status_macros.h"

namespace spool::testing {
namespace {

// Up to the first newline, or all there is.
std::string ReadLine(int fd) {
  std::string line;
  char c;
  for (;;) {
    const ssize_t size = read(fd, &c, 1);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0 || c == '\n') return line;
    line += c;
  }
}

}  // namespace

absl::Status Helper::Start(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  SPOOL_ASSIGN_OR_RETURN(program_, StartProgram(arguments, environment));
  const std::string line = ReadLine(program_.out.get());
  absl::string_view port = line;
  if (absl::ConsumePrefix(&port, "ready ") && absl::SimpleAtoi(port, &port_)) return absl::OkStatus();
  std::string error;
  for (std::string more = ReadLine(program_.error.get()); !more.empty(); more = ReadLine(program_.error.get())) {
    absl::StrAppend(&error, more, "\n");
  }
  Kill();
  return absl::UnavailableError(absl::StrCat(arguments[0], ": ", line, "\n", error));
}

void Helper::Kill() {
  if (program_.pid <= 0) return;
  kill(program_.pid, SIGKILL);
  // It is a child of ours, and SIGKILL cannot be refused.
  WaitForEnd(program_.pid, absl::Seconds(60)).status().IgnoreError();
  program_ = Program();
}

absl::Status MakeCertificate(const std::string& name) {
  SPOOL_ASSIGN_OR_RETURN(
      const Exit exit, RunProgram({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout",
                                   name + ".key", "-out", name + ".crt", "-subj", "/CN=localhost", "-addext",
                                   "subjectAltName=DNS:localhost,IP:127.0.0.1"}));
  if (exit.code != 0) return absl::UnavailableError(absl::StrCat("openssl: ", exit.error));
  return absl::OkStatus();
}

}  // namespace spool::testing

// A program that others connect to, such as a receiver of notifications, to be killed and started again.

#ifndef SPOOL_TESTS_NOTIFY_HELPER_H_
#define SPOOL_TESTS_NOTIFY_HELPER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/support/program.h"

namespace spool::testing {

// Not thread-safe. The process is killed when this goes.
class Helper {
 public:
  Helper() = default;
  ~Helper() { Kill(); }
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;

  // Starts it and waits for its first line, "ready PORT". Unavailable: it said something else, and what.
  absl::Status Start(const std::vector<std::string>& arguments, const std::vector<std::string>& environment = {});
  void Kill();
  // Of the last start.
  int port() const { return port_; }

 private:
  Program program_;
  int port_ = 0;
};

// A key and a certificate that vouches for itself, for localhost and 127.0.0.1, as `name`.key and `name`.crt.
absl::Status MakeCertificate(const std::string& name);

}  // namespace spool::testing

#endif  // SPOOL_TESTS_NOTIFY_HELPER_H_

// What a run of `spool` takes from its process, so that a test can give it something else.

#ifndef SPOOL_CLIENT_CLI_ENVIRONMENT_H_
#define SPOOL_CLIENT_CLI_ENVIRONMENT_H_

#include <functional>
#include <ostream>
#include <string>

#include "absl/time/time.h"
#include "client/cpp/backoff.h"
#include "client/cpp/client.h"
#include "server/base/clock.h"

namespace spool::cli {

struct TerminalSize {
  int columns = 80;
  int rows = 24;
};

struct Environment {
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  // Whether `out` is a terminal that understands escape sequences.
  bool out_is_terminal = false;
  std::function<TerminalSize()> terminal_size = [] { return TerminalSize(); };
  // Value of an environment variable; empty when it is not set.
  std::function<std::string(const char* name)> variable = [](const char*) { return std::string(); };
  absl::TimeZone zone = absl::UTCTimeZone();
  const Clock* clock = Clock::Real();
  // Makes an id that no other call made, for EnqueueRequest.request_id.
  std::function<std::string()> new_request_id;
  client::Client::Options client;
  // Between the streams of a watch.
  client::BackoffPolicy watch_backoff;
};

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_ENVIRONMENT_H_

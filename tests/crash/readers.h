// Subscribers that live through their server's deaths.

#ifndef SPOOL_TESTS_CRASH_READERS_H_
#define SPOOL_TESTS_CRASH_READERS_H_

#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "spool/v1/job_service.grpc.pb.h"
#include "tests/support/event_log.h"
#include "tests/support/watch.h"

namespace spool::testing {

// A fast one that reads all, a slow one that takes a few small responses and then no more until the next life of the
// server, and new ones with random filters and starts. Each validates what it gets; the log judges the rest.
class Readers {
 public:
  // Opens, or resumes by token, all streams, and reads on threads of their own until the streams end.
  void Follow(const std::string& address, std::mt19937_64& random);
  // After the server is gone: waits for the threads. Answers what was wrong.
  std::vector<std::string> Join();
  // By the log as read after that. `last`: also the long-lived ones.
  std::vector<std::string> Judge(const EventLog& log, bool last);
  // Reads all long-lived streams up to `sequence`, and ends them. The server must be running.
  std::vector<std::string> Finish(const std::string& address, int64_t sequence);

  int64_t events() const { return events_; }

 private:
  struct Reader {
    std::string name;
    std::unique_ptr<v1::JobService::Stub> stub;
    std::unique_ptr<Watch> watch;
    // How many responses it takes in one life; 0: all.
    int appetite = 0;
    absl::Status end;
    std::thread thread;
  };
  void Open(Reader& reader, const v1::WatchEventsRequest& request, const std::string& address);
  v1::WatchEventsRequest RandomWatch(std::mt19937_64& random) const;

  std::vector<std::unique_ptr<Reader>> lasting_;
  std::vector<std::unique_ptr<Reader>> passing_;
  int64_t events_ = 0;
};

}  // namespace spool::testing

#endif  // SPOOL_TESTS_CRASH_READERS_H_

// One server and its clients, through many deaths.

#ifndef SPOOL_TESTS_CRASH_WORLD_H_
#define SPOOL_TESTS_CRASH_WORLD_H_

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/crash/model.h"
#include "tests/crash/readers.h"
#include "tests/crash/traffic.h"
#include "tests/support/event_log.h"
#include "tests/support/spoold_process.h"

namespace spool::testing {

// Where a server died, and how often.
using Deaths = std::map<std::string, int>;
// Events of a log, by the name of their type.
using EventTypes = std::map<std::string, int64_t>;

// Not thread-safe; several worlds may live at once, each on a thread of its own.
class World {
 public:
  // All randomness comes from the seed; the machine's timing does not. `forgets`: retention removes old events.
  World(const std::string& name, uint64_t seed, bool forgets);

  // One life and death of the server, with all checks of what the life before left. False: it makes no sense to go on.
  bool LiveAndDie();
  // A last life, in which everything comes to its end, and the last judgement. Answers all that was ever wrong. `last`
  // is called with the log's end when no more will follow, while the server still serves.
  std::vector<std::string> End(const std::function<void(int64_t head)>& last = nullptr);

  // host:port, from the first life on.
  const std::string& address() const { return server_.address(); }

  const Deaths& deaths() const { return deaths_; }
  const std::vector<std::string>& wrong() const { return wrong_; }
  int64_t log_length() const { return log_.last(); }
  EventTypes event_types() const;
  int64_t calls() const { return static_cast<int64_t>(model_.calls()); }
  int64_t events_read() const { return readers_.events(); }

 private:
  void Add(const std::vector<std::string>& wrong);
  void Add(const std::string& where, const absl::Status& status);
  // Starts the server, at times with a failpoint. False: it died of that before it served.
  bool Start(const std::string& failpoint);
  std::string RandomFailPoint();
  // What a kill may have left in the output folder.
  void CheckFilesAfterDeath();
  void CheckNoWorkerSurvives();
  // Reads the log and a snapshot, and compares both with all that is known.
  void CheckAfterStart();
  void CheckOutputs();
  void Kill();

  const std::string name_;
  std::mt19937_64 random_;
  const bool forgets_;
  std::vector<std::string> flags_;
  SpooldProcess server_;
  std::unique_ptr<v1::JobService::Stub> jobs_;
  std::unique_ptr<v1::QueueService::Stub> queue_;
  Model model_;
  Readers readers_;
  EventLog log_;
  Unanswered unanswered_;
  PauseState paused_;
  int life_ = 0;
  Deaths deaths_;
  std::vector<std::string> wrong_;
  // Of the last life.
  std::set<std::string> staged_;
  std::set<std::string> whole_files_;
  int64_t outputs_checked_ = 0;
};

// Children of dead zygotes, which fall to this process (MakeThisTheReaper); those that have ended are reaped.
std::vector<pid_t> OrphanedWorkers();
void MakeThisTheReaper();

}  // namespace spool::testing

#endif  // SPOOL_TESTS_CRASH_WORLD_H_

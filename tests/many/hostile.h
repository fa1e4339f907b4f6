// The ground of tests that attack a server: what it must go on doing meanwhile, and what must be back afterwards.

#ifndef SPOOL_TESTS_MANY_HOSTILE_H_
#define SPOOL_TESTS_MANY_HOSTILE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/many/raw_http2.h"
#include "tests/support/process_facts.h"
#include "tests/support/spoold_test.h"

namespace spool::testing {

inline constexpr char kWatch[] = "/spool.v1.JobService/WatchEvents";
inline constexpr char kGetJob[] = "/spool.v1.JobService/GetJob";
inline constexpr char kEnqueue[] = "/spool.v1.JobService/Enqueue";
// A connection that the server should close is closed within this time, on a machine that is busy with other tests.
inline constexpr absl::Duration kSoon = absl::Seconds(30);

// Monotonic.
absl::Time Now();

// A server with a paused queue and a watch that is open all the time. When a test ends, the watch must still bring
// every event, callers be answered, and descriptors and memory be back; what it cost is printed.
class HostileTest : public SpooldTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  ProcessFacts Facts();
  // A caller and a watcher on connections of their own notice nothing.
  void ExpectServing();
  // While the attack goes on: the same, and memory is bounded.
  void ExpectHoldingOut();

  // A connection that has said no word yet.
  RawConnection Open();
  // One with the greetings done: so many bytes of a stream may be under way to us.
  RawConnection Greeted(uint32_t window = 65535);
  // Sends all of it, as far as the server lets it: that it refuses to listen on is no failure.
  void Throw(RawConnection& connection, const std::string& bytes,
             RawConnection::Reading reading = RawConnection::Reading::kYes, absl::Duration longest = kSoon);

  // What must be back to what it was: by default when the server was warm.
  ProcessFacts before_;
  // Under an attack, this much more memory may be in use.
  int64_t burst_bytes_ = int64_t{128} << 20;
  // For the line that is printed.
  std::string outcome_;

 private:
  void ExpectUnharmed();

  std::unique_ptr<Watch> watch_;
  int64_t worst_ = 0;
};

}  // namespace spool::testing

#endif  // SPOOL_TESTS_MANY_HOSTILE_H_

// Very many subscribers to whom nothing happens: what each costs in memory, what their heartbeats cost in CPU time, and
// how long it takes until one event has reached all of them.
//
// As a measurement, on a machine that does nothing else:
//   bazel run --config=opt //tests/many:idle -- --subscribers=10000 --connections=1000 [--json]

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_format.h"
#include "tests/many/crowd.h"
#include "tests/support/process_facts.h"
#include "tests/support/spoold_test.h"

ABSL_FLAG(int, subscribers, 10000, "watches, on as few connections as may hold them");
ABSL_FLAG(int, connections, 1000, "connections with one watch each, of the other test");
ABSL_FLAG(bool, json, false, "one JSON object for each test");

namespace spool::testing {
namespace {

// Of those that the server allows on one connection (1024), with room for other calls.
constexpr int kStreamsOfAConnection = 1000;
constexpr int64_t kHeartbeatSeconds = 5;
constexpr int kHeartbeats = 2;
constexpr double kDefaultHeartbeatSeconds = 15;
constexpr absl::Duration kPatience = absl::Minutes(2);
// Generous: several times what is measured, so that only another order of magnitude fails.
constexpr double kMaxKibibytesOfAWatch = 64;
constexpr double kMaxKibibytesOfAConnection = 256;
constexpr double kMaxMicrosecondsOfAHeartbeat = 2000;

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

class IdleTest : public SpooldTest {
 protected:
  void SetUp() override {
    // This process has an end of each connection too.
    rlimit limit;
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    AddStill("a.png");
    StartServer({"--slots=1"});
    ASSERT_OK(client().PauseQueue());
    // Whatever is made at first use is made now.
    for (int i = 0; i < 50; ++i) Enqueue(Resize("a.png", 8, 8));
  }

  ProcessFacts Facts() {
    const auto facts = FactsOf(server().pid());
    EXPECT_OK(facts);
    return facts.ok() ? *facts : ProcessFacts();
  }

  void Measure(int subscribers, int connections, double max_kibibytes) {
    v1::WatchEventsRequest request;
    request.mutable_heartbeat_interval()->set_seconds(kHeartbeatSeconds);
    const ProcessFacts before = Facts();
    const auto opening = std::chrono::steady_clock::now();
    Crowd crowd(server().address(), subscribers, connections, request);
    ASSERT_OK(crowd.UntilOpened(kPatience));
    const double opened = SecondsSince(opening);
    // The first may have had one while the last were still being opened.
    ASSERT_OK(crowd.UntilHeartbeats(1, kPatience));
    const ProcessFacts idle = Facts();
    const double kibibytes = static_cast<double>(idle.resident_bytes - before.resident_bytes) / 1024 / subscribers;
    const int64_t had = crowd.heartbeats();
    ASSERT_OK(crowd.UntilHeartbeats(1 + kHeartbeats, kPatience));
    const auto heartbeats = static_cast<double>(crowd.heartbeats() - had);
    const double microseconds = absl::ToDoubleMicroseconds(Facts().cpu - idle.cpu) / heartbeats;

    const auto published = std::chrono::steady_clock::now();
    const auto response = client().Enqueue(Resize("a.png", 8, 8));
    ASSERT_OK(response);
    ASSERT_OK(crowd.UntilCovered(response->job().sequence(), kPatience));
    const double reached = SecondsSince(published);
    EXPECT_EQ(crowd.events(), subscribers);

    const double percent = microseconds * subscribers / kDefaultHeartbeatSeconds / 1e4;
    if (absl::GetFlag(FLAGS_json)) {
      absl::PrintF("{\"subscribers\":%d,\"connections\":%d,\"kibibytes_each\":%.3g,\"open_s\":%.3g,", subscribers,
                   connections, kibibytes, opened);
      absl::PrintF("\"heartbeat_us\":%.3g,\"cpu_percent_at_default\":%.3g,\"event_to_all_s\":%.3g}\n", microseconds,
                   percent, reached);
    } else {
      absl::PrintF("%d subscribers on %d connections: %.3g KiB each; opened in %.3g s; a heartbeat costs %.3g us, ",
                   subscribers, connections, kibibytes, opened, microseconds);
      absl::PrintF("one each every 15 s %.3g %% of a core; an event has reached all after %.3g s\n", percent, reached);
    }
    fflush(stdout);
    EXPECT_LT(kibibytes, max_kibibytes);
    EXPECT_LT(microseconds, kMaxMicrosecondsOfAHeartbeat);
  }
};

TEST_F(IdleTest, ManyWatchesOnFewConnections) {
  const int subscribers = absl::GetFlag(FLAGS_subscribers);
  Measure(subscribers, (subscribers + kStreamsOfAConnection - 1) / kStreamsOfAConnection, kMaxKibibytesOfAWatch);
}

TEST_F(IdleTest, ManyConnections) {
  Measure(absl::GetFlag(FLAGS_connections), absl::GetFlag(FLAGS_connections), kMaxKibibytesOfAConnection);
}

}  // namespace
}  // namespace spool::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  absl::ParseCommandLine(argc, argv);
  return RUN_ALL_TESTS();
}

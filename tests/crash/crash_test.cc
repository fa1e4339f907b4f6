// Kills servers under load, hundreds of times, and judges what they leave: P1, P2, P4, P6, P9, P14, and that no
// acknowledged job, no output and no lease is ever wrong. --kills=2000 makes it a soak.

#include <stdio.h>

#include <atomic>
#include <deque>
#include <random>
#include <thread>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"
#include "tests/crash/world.h"

ABSL_FLAG(int, kills, 200, "how many times a server is killed, in all");
ABSL_FLAG(int, servers, 2, "how many servers live at once");
ABSL_FLAG(int, kills_per_store, 50, "after so many kills a server begins with an empty store");
ABSL_FLAG(uint64_t, seed, 0, "0: a new one, which is printed");

namespace spool::testing {
namespace {

// What all worlds came to.
struct Tally {
  absl::Mutex mu;
  int kills ABSL_GUARDED_BY(mu) = 0;
  int64_t events ABSL_GUARDED_BY(mu) = 0;
  int64_t calls ABSL_GUARDED_BY(mu) = 0;
  int64_t events_read ABSL_GUARDED_BY(mu) = 0;
  Deaths deaths ABSL_GUARDED_BY(mu);
  EventTypes event_types ABSL_GUARDED_BY(mu);
  std::vector<std::string> wrong ABSL_GUARDED_BY(mu);
};

void LiveThrough(uint64_t seed, int number, int kills, Tally& tally) {
  World world(absl::StrCat("w", number), seed, number % 2 == 1);
  for (int i = 0; i < kills; ++i) {
    const bool goes_on = world.LiveAndDie();
    absl::MutexLock lock(&tally.mu);
    if (++tally.kills % 25 == 0) {
      printf("%d kills, %zu violations\n", tally.kills, tally.wrong.size() + world.wrong().size());
      fflush(stdout);
    }
    if (!goes_on) break;
  }
  const std::vector<std::string> wrong = world.End();
  absl::MutexLock lock(&tally.mu);
  tally.events += world.log_length();
  tally.calls += world.calls();
  tally.events_read += world.events_read();
  for (const auto& [place, count] : world.deaths()) tally.deaths[place] += count;
  for (const auto& [type, count] : world.event_types()) tally.event_types[type] += count;
  tally.wrong.insert(tally.wrong.end(), wrong.begin(), wrong.end());
}

TEST(Crash, NothingAcknowledgedIsEverLostOrChanged) {
  uint64_t seed = absl::GetFlag(FLAGS_seed);
  if (seed == 0) seed = std::random_device()();
  printf("--seed=%llu\n", static_cast<unsigned long long>(seed));
  MakeThisTheReaper();

  const int per_store = absl::GetFlag(FLAGS_kills_per_store);
  const int worlds = (absl::GetFlag(FLAGS_kills) + per_store - 1) / per_store;
  Tally tally;
  std::atomic<int> next{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < absl::GetFlag(FLAGS_servers); ++i) {
    threads.emplace_back([&] {
      for (int number = next++; number < worlds; number = next++) {
        const int left = absl::GetFlag(FLAGS_kills) - number * per_store;
        LiveThrough(seed + static_cast<uint64_t>(number), number, std::min(per_store, left), tally);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  absl::MutexLock lock(&tally.mu);
  printf("\n%-32s %d\n", "kills", tally.kills);
  for (const auto& [place, count] : tally.deaths) printf("  %-30s %d\n", place.c_str(), count);
  printf("%-32s %lld\n%-32s %lld\n", "calls", static_cast<long long>(tally.calls), "events in logs",
         static_cast<long long>(tally.events));
  for (const auto& [type, count] : tally.event_types)
    printf("  %-30s %lld\n", type.c_str(), static_cast<long long>(count));
  printf("%-32s %lld\n", "events read and judged", static_cast<long long>(tally.events_read));
  printf("%-32s %zu\n", "violations", tally.wrong.size());
  for (const std::string& what : tally.wrong) ADD_FAILURE() << what;
  EXPECT_GT(tally.events, tally.kills) << "there was no traffic";
  for (const char* type : {"CANCELLED", "COMPLETED", "DELETED", "FAILED", "QUEUED", "STARTED"}) {
    EXPECT_GT(tally.event_types[absl::StrCat("EVENT_TYPE_", type)], 0) << type;
  }
}

TEST(Crash, AMigrationThatIsCutShortIsMadeAgain) {
  SpooldProcess server;
  EXPECT_FALSE(server.Start({}, {"SPOOL_FAILPOINT=in-migration"}).ok());
  ASSERT_OK(server.Start());
}

TEST(Crash, AMisspeltFailPointIsRefused) {
  SpooldProcess server;
  EXPECT_THAT(server.Start({}, {"SPOOL_FAILPOINT=nowhere"}),
              StatusIs(absl::StatusCode::kFailedPrecondition, "nowhere is no failpoint"));
}

}  // namespace
}  // namespace spool::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  absl::ParseCommandLine(argc, argv);
  return RUN_ALL_TESTS();
}

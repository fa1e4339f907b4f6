// Many threads at once: the log stays a history of one store, and every job is what its events say.

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "server/base/proto_time.h"
#include "server/job/failure.h"
#include "tests/contract/job_store_contract.h"

namespace spool::contract {
namespace {

constexpr int kThreads = 6;
constexpr int kSteps = 150;
// Few, so that threads meet at the same job.
constexpr int kIds = 40;

std::string AnyId(std::mt19937& random) { return "j" + std::to_string(random() % kIds); }

// All that is asserted here is that refusals are of the kind that the contract names; the fixture compares the log with
// every job when the test ends.
TEST_P(JobStoreContract, RandomOperationsOfManyThreadsMakeOneHistory) {
  const auto refused_for_a_reason = [](const absl::Status& status) {
    if (status.ok()) return;
    EXPECT_TRUE(absl::IsNotFound(status) || absl::IsFailedPrecondition(status) || absl::IsAborted(status) ||
                absl::IsAlreadyExists(status))
        << status;
  };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread, &refused_for_a_reason] {
      std::mt19937 random(static_cast<unsigned>(thread));
      std::vector<store::Lease> leases;
      for (int step = 0; step < kSteps; ++step) {
        switch (random() % 10) {
          case 0:
          case 1: {
            v1::EnqueueRequest request = Request(AnyId(random));
            // With and without this two threads ask for the same id in different ways.
            request.set_priority(static_cast<int>(random() % 2));
            refused_for_a_reason(Enqueue(request).status());
            break;
          }
          case 2:
          case 3:
            if (const auto taken = Take(); taken.has_value()) leases.push_back(taken->lease);
            break;
          case 4:
            refused_for_a_reason(Cancel(AnyId(random)).status());
            break;
          case 5:
            refused_for_a_reason(Retry(AnyId(random)).status());
            break;
          case 6:
            refused_for_a_reason(Delete(AnyId(random)).status());
            break;
          case 7:
            clock_.Advance(absl::Milliseconds(300));
            Advance();
            break;
          default: {
            if (leases.empty()) break;
            const store::Lease lease = leases[random() % leases.size()];  // often one that is spent
            const absl::Status ended = random() % 4 == 0   ? Fail(lease, job::kInternal).status()
                                       : random() % 3 == 0 ? HandBack(lease).status()
                                       : random() % 2 == 0 ? FinishCancel(lease).status()
                                                           : Complete(lease).status();
            refused_for_a_reason(ended);
          }
        }
        // Readers see only whole commits.
        if (const auto stored = store().GetJob(AnyId(random)); stored.ok()) {
          EXPECT_LE(stored->job.sequence(), stored->head);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(store().Range().head, kThreads * kSteps / 10) << "hardly anything happened";
  EXPECT_EQ(listener().head(), store().Range().head);
}

}  // namespace
}  // namespace spool::contract

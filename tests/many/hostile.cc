#include "tests/many/hostile.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace spool::testing {
namespace {

// What malloc keeps after a burst: the ends of its heaps, and what lies between what is in use.
constexpr int64_t kKeptBytes = int64_t{80} << 20;

}  // namespace

absl::Time Now() { return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()); }

void HostileTest::SetUp() {
  AddStill("a.png");
  StartServer({"--slots=1"});
  ASSERT_OK(client().PauseQueue());
  watch_ = OpenWatch({});
  ASSERT_OK(watch_->UntilOpened());
  // Whatever is made at first use is made now.
  for (int i = 0; i < 50; ++i) ExpectServing();
  before_ = Facts();
}

void HostileTest::TearDown() {
  if (!HasFatalFailure()) ExpectUnharmed();
  SpooldTest::TearDown();
}

ProcessFacts HostileTest::Facts() {
  const auto facts = FactsOf(server().pid());
  EXPECT_OK(facts) << "the server is gone";
  return facts.ok() ? *facts : ProcessFacts();
}

void HostileTest::ExpectServing() {
  const std::string id = Enqueue(Resize("a.png", 8, 8));
  EXPECT_OK(watch_->Until(v1::EVENT_TYPE_QUEUED, id));
}

void HostileTest::ExpectHoldingOut() {
  ExpectServing();
  worst_ = std::max(worst_, Facts().resident_bytes);
  EXPECT_LT(worst_, before_.resident_bytes + burst_bytes_) << "bytes of memory";
}

void HostileTest::ExpectUnharmed() {
  ExpectServing();
  const absl::Time until = Now() + kSoon;
  ProcessFacts after = Facts();
  while (Now() < until &&
         (after.descriptors > before_.descriptors || after.resident_bytes > before_.resident_bytes + kKeptBytes)) {
    std::this_thread::yield();
    after = Facts();
  }
  ExpectServing();
  EXPECT_LE(after.descriptors, before_.descriptors) << "descriptors are left behind";
  EXPECT_LE(after.resident_bytes, before_.resident_bytes + kKeptBytes) << "bytes of memory are kept";
  const auto mebibytes = [](int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
  absl::PrintF("%-44s descriptors %d -> %d, memory %.1f -> %.1f MiB (seen %.1f), CPU %s%s\n",
               ::testing::UnitTest::GetInstance()->current_test_info()->name(), before_.descriptors, after.descriptors,
               mebibytes(before_.resident_bytes), mebibytes(after.resident_bytes),
               mebibytes(std::max(worst_, after.resident_bytes)), absl::FormatDuration(after.cpu - before_.cpu),
               outcome_.empty() ? "" : absl::StrCat("; ", outcome_));
  fflush(stdout);
}

RawConnection HostileTest::Open() {
  auto connection = RawConnection::Open(server().address());
  if (!connection.ok()) ADD_FAILURE() << connection.status();
  // A test that fails here ends; it has nothing to go on with.
  return *std::move(connection);
}

RawConnection HostileTest::Greeted(uint32_t window) {
  RawConnection connection = Open();
  EXPECT_OK(connection.Greet(window));
  EXPECT_OK(connection.Until(FrameType::kSettings));
  return connection;
}

void HostileTest::Throw(RawConnection& connection, const std::string& bytes, RawConnection::Reading reading,
                        absl::Duration longest) {
  const absl::Status sent = connection.Send(bytes, reading, longest);
  outcome_ = sent.ok() ? "all was taken" : std::string(sent.message());
  EXPECT_TRUE(sent.ok() || absl::IsUnavailable(sent) || absl::IsDeadlineExceeded(sent)) << sent;
}

}  // namespace spool::testing

// A Python client follows a server that is killed again and again, resumes by token, and judges the feed by a validator
// of its own (follow.py).

#include <fstream>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"
#include "tests/crash/world.h"
#include "tests/support/program.h"

namespace spool::testing {
namespace {

constexpr int kKills = 12;

TEST(Follow, APythonClientSeesEverythingOnceThroughManyKills) {
  MakeThisTheReaper();
  World world("py", ::testing::UnitTest::GetInstance()->random_seed(), /*forgets=*/false);
  // The port is known from the first life that comes as far as to serve; a server may be killed in its start.
  int kills = 0;
  while (world.address().empty() && kills++ < kKills) ASSERT_TRUE(world.LiveAndDie()) << world.wrong().front();
  const std::string address = world.address();
  ASSERT_FALSE(address.empty());
  const std::string until = absl::StrCat(::testing::TempDir(), "/until");
  absl::StatusOr<Exit> exit = absl::UnknownError("did not run");
  std::thread follower([&] {
    // Debian's own, which has python3-grpcio.
    exit = RunProgram({"/usr/bin/python3", Runfile("tests/interop/follow.py"), address,
                       Runfile("protos/spool/v1/spool_proto-descriptor-set.proto.bin"), until});
  });
  while (kills < kKills && world.LiveAndDie()) ++kills;
  const auto wrong = world.End([&](int64_t head) {
    const std::string unfinished = until + ".new";
    std::ofstream(unfinished) << head;
    ASSERT_EQ(rename(unfinished.c_str(), until.c_str()), 0);
    follower.join();
  });
  if (follower.joinable()) follower.join();
  EXPECT_THAT(wrong, ::testing::IsEmpty());
  ASSERT_OK(exit);
  EXPECT_EQ(exit->code, 0) << exit->out << exit->error;
  printf("%s", exit->out.c_str());
  EXPECT_THAT(exit->out, ::testing::HasSubstr(absl::StrCat("through=", world.log_length()))) << exit->error;
}

}  // namespace
}  // namespace spool::testing

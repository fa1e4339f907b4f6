#include "server/executor/quarantine.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "server/base/status_matchers.h"
#include "server/base/unique_fd.h"

namespace spool::executor {
namespace {

InputIdentity Input(ino_t inode) {
  InputIdentity id;
  id.inode = inode;
  return id;
}

TEST(Quarantine, HoldsAnInputAfterItsThirdDeath) {
  Quarantine quarantine;
  EXPECT_FALSE(quarantine.AddDeath(Input(1)));
  EXPECT_FALSE(quarantine.AddDeath(Input(1)));
  EXPECT_FALSE(quarantine.Holds(Input(1)));
  EXPECT_TRUE(quarantine.AddDeath(Input(1)));
  EXPECT_TRUE(quarantine.Holds(Input(1)));
  EXPECT_TRUE(quarantine.AddDeath(Input(1)));
  EXPECT_FALSE(quarantine.Holds(Input(2)));
}

TEST(Quarantine, ForgetsTheInputThatKilledLongestAgo) {
  Quarantine quarantine(2);
  for (int i = 0; i < Quarantine::kMostDeaths; ++i) {
    quarantine.AddDeath(Input(1));
    quarantine.AddDeath(Input(2));
  }
  quarantine.AddDeath(Input(1));
  quarantine.AddDeath(Input(3));
  EXPECT_TRUE(quarantine.Holds(Input(1)));
  EXPECT_FALSE(quarantine.Holds(Input(2)));
}

TEST(InputIdentity, ChangesWithTheFile) {
  const std::string path = ::testing::TempDir() + "/input";
  const auto identity = [&path] {
    UniqueFd fd(open(path.c_str(), O_RDONLY));
    const auto id = InputIdentity::Of(fd.get());
    EXPECT_OK(id);
    return id.ok() ? *id : InputIdentity();
  };
  std::ofstream(path) << "one";
  const InputIdentity before = identity();
  EXPECT_EQ(identity(), before);
  const timespec times[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  const InputIdentity touched = identity();
  EXPECT_NE(touched, before);
  std::ofstream(path, std::ios::app) << "more";
  EXPECT_NE(identity(), touched);
}

}  // namespace
}  // namespace spool::executor

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "server/app/address.h"
#include "server/app/data_dir.h"
#include "server/base/status_matchers.h"

namespace spool::app {
namespace {

TEST(Address, OnlyLoopbackIsOpenWithoutALock) {
  for (const char* good : {"127.0.0.1:0", "127.8.9.10:50051", "localhost:1", "[::1]:80"}) {
    EXPECT_OK(CheckLoopback("grpc_address", good)) << good;
  }
  for (const char* open : {"0.0.0.0:50051", "[::]:50051", "10.0.0.1:80", "example.com:80", "127.0.0.1.evil.com:80"}) {
    EXPECT_THAT(CheckLoopback("grpc_address", open),
                StatusIs(absl::StatusCode::kFailedPrecondition, "allow_unprotected_network"))
        << open;
  }
  for (const char* bad : {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1"}) {
    EXPECT_THAT(CheckLoopback("grpc_address", bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(DataDir, IsMadeAndLockedForOne) {
  const std::string path = std::string(::testing::TempDir()) + "/a/b";
  auto first = LockDataDir(path);
  ASSERT_OK(first);
  EXPECT_THAT(LockDataDir(path), StatusIs(absl::StatusCode::kFailedPrecondition, "pid " + std::to_string(getpid())));
  first->reset();
  EXPECT_OK(LockDataDir(path));
}

TEST(DataDir, AFileInItsPlaceIsSaid) {
  EXPECT_THAT(LockDataDir("/dev/null/x"), StatusIs(absl::StatusCode::kFailedPrecondition, "data folder"));
}

}  // namespace
}  // namespace spool::app

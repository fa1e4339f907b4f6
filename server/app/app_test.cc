#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/app/address.h"
#include "server/app/data_dir.h"
#include "server/app/manual.h"
#include "server/app/service_manager.h"
#include "server/app/worker_program.h"
#include "server/base/status_matchers.h"
#include "server/base/unique_fd.h"
#include "server/base/variables.h"

namespace spool::app {
namespace {

TEST(Address, OnlyLoopbackIsOpenWithoutALock) {
  for (const char* good : {"127.0.0.1:0", "127.8.9.10:50051", "localhost:1", "[::1]:80"}) {
    EXPECT_OK(CheckReachable("grpc_address", good, {})) << good;
  }
  for (const char* open : {"0.0.0.0:50051", "[::]:50051", "10.0.0.1:80", "example.com:80", "127.0.0.1.evil.com:80"}) {
    EXPECT_THAT(CheckReachable("grpc_address", open, {}),
                StatusIs(absl::StatusCode::kFailedPrecondition, "allow_unprotected_network"))
        << open;
    EXPECT_OK(CheckReachable("grpc_address", open, {.tls = true, .login = true})) << open;
  }
  for (const char* bad : {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1"}) {
    for (const bool locked : {false, true}) {
      EXPECT_THAT(CheckReachable("grpc_address", bad, {.tls = locked, .login = locked}),
                  StatusIs(absl::StatusCode::kInvalidArgument))
          << bad;
    }
  }
}

TEST(Address, HalfALockIsNone) {
  EXPECT_THAT(CheckReachable("grpc_address", "0.0.0.0:1", {.tls = true}),
              StatusIs(absl::StatusCode::kFailedPrecondition, "there is no login"));
  EXPECT_THAT(CheckReachable("grpc_address", "0.0.0.0:1", {.login = true}),
              StatusIs(absl::StatusCode::kFailedPrecondition, "there is no TLS"));
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

TEST(Manual, EveryFlagIsInAGroup) {
  const std::string text = ManualText(SpooldManual());
  EXPECT_THAT(text, ::testing::HasSubstr("\n    Network\n        --grpc_address=HOST:PORT\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("Largest output, in bytes. Default: 68719476736 (64 GiB).\n"));
  // Put the flag that this prints into a group in manual.cc.
  EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("\n    Other\n")))
      << text.substr(text.find("\n    Other\n"), 200);
}

TEST(Flags, EveryOneIsAKnownVariable) {
  std::set<std::string> of_flags;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (absl::StrContains(flag->Filename(), "server/app/flags.cc")) {
      of_flags.insert(absl::StrCat("SPOOL_", absl::AsciiStrToUpper(name)));
    }
  }
  std::set<std::string> known(KnownVariables().begin(), KnownVariables().end());
  for (const char* other : {"SPOOL_SERVER", "SPOOL_TLS_CA", "SPOOL_TOKEN", "SPOOL_FAILPOINT"}) known.erase(other);
  // Make kKnown in base/variables.cc what the flags are.
  EXPECT_EQ(known, of_flags);
}

TEST(WorkerProgram, IsFoundInEveryLayout) {
  const std::string prefix = std::filesystem::path(::testing::TempDir() + "/prefix").lexically_normal();
  const auto make = [&](const std::string& name) {
    std::filesystem::create_directories(std::filesystem::path(prefix + name).parent_path());
    std::ofstream(prefix + name) << "x";
  };
  std::filesystem::create_directories(prefix + "/sbin");
  EXPECT_EQ(FindWorker(prefix + "/sbin"), prefix + "/sbin/spool-worker");
  make("/lib/spool/spool-worker");
  EXPECT_EQ(FindWorker(prefix + "/sbin"), prefix + "/lib/spool/spool-worker");
  make("/sbin/worker/spool-worker");
  EXPECT_EQ(FindWorker(prefix + "/sbin"), prefix + "/sbin/worker/spool-worker");
  make("/sbin/spool-worker");
  EXPECT_EQ(FindWorker(prefix + "/sbin"), prefix + "/sbin/spool-worker");
}

TEST(ServiceManager, IsToldByPathAndByAbstractName) {
  // A socket's path may have 107 bytes; a test's own folder is often deeper.
  char folder[] = "/tmp/spool-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  for (const std::string& name : {std::string(folder) + "/notify", "@" + std::string(folder)}) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    ASSERT_LT(name.size(), sizeof(address.sun_path));
    name.copy(address.sun_path, name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ASSERT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), offsetof(sockaddr_un, sun_path) + name.size()),
              0)
        << name;
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
    TellServiceManager("READY=1");
    unsetenv("NOTIFY_SOCKET");
    TellServiceManager("STOPPING=1");
    char buffer[64];
    const ssize_t size = recv(socket.get(), buffer, sizeof(buffer), 0);
    ASSERT_GT(size, 0) << name;
    EXPECT_EQ(std::string(buffer, size), "READY=1");
    EXPECT_LT(recv(socket.get(), buffer, sizeof(buffer), 0), 0) << "told although nobody listens";
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace spool::app

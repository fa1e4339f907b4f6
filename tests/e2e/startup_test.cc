// A server that cannot start says why, in words, and ends with code 1.

#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/program.h"
#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// What a start that fails says.
std::string ComplaintOf(SpooldProcess& server, const std::vector<std::string>& flags) {
  const absl::Status status = server.Start(flags);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, "exit code 1")) << "it should not have started";
  return std::string(status.message());
}

TEST(Startup, HelpShowsOurFlagsAndNoOthers) {
  const auto exit = RunProgram({Runfile("server/spoold"), "--slots=2", "--help"});
  ASSERT_OK(exit);
  EXPECT_EQ(exit->code, 0);
  EXPECT_THAT(exit->out, AllOf(HasSubstr("--data_dir=FOLDER\n            Required"),
                               HasSubstr("--retain_events=NUMBER\n"), ::testing::Not(HasSubstr("flagfile"))));
}

TEST(Startup, VersionNamesTheLibraries) {
  const auto exit = RunProgram({Runfile("server/spoold"), "--version"});
  ASSERT_OK(exit);
  EXPECT_EQ(exit->code, 0);
  EXPECT_THAT(exit->out, ::testing::MatchesRegex("spoold [0-9]+\\.[0-9]+\\.[0-9]+\ngRPC 1\\.[0-9.]+\n"
                                                 "SQLite 3\\.[0-9.]+\nFFmpeg [0-9][^\n]*\n"));
  EXPECT_EQ(exit->error, "");
}

TEST(Startup, APortThatIsTaken) {
  SpooldProcess first, second;
  ASSERT_OK(first.Start());
  EXPECT_THAT(ComplaintOf(second, {"--grpc_address=" + first.address()}),
              AllOf(HasSubstr(first.address()), HasSubstr("taken")));
  EXPECT_THAT(ComplaintOf(second, {"--http_address=" + first.address()}), HasSubstr(first.address()));
}

TEST(Startup, ADataFolderInUseNamesTheOther) {
  SpooldProcess first, second;
  ASSERT_OK(first.Start());
  EXPECT_THAT(ComplaintOf(second, {"--data_dir=" + first.data_dir()}),
              AllOf(HasSubstr(first.data_dir()), HasSubstr("pid " + std::to_string(first.pid()))));
  // The lock ends with its holder, however that ends.
  first.Kill();
  EXPECT_OK(second.Start({"--data_dir=" + first.data_dir()}));
}

TEST(Startup, ARootThatIsMissing) {
  SpooldProcess server;
  EXPECT_THAT(ComplaintOf(server, {"--media_root=/nowhere/media"}), HasSubstr("/nowhere/media"));
  EXPECT_THAT(ComplaintOf(server, {"--output_root=/nowhere/out"}), HasSubstr("/nowhere/out"));
  EXPECT_THAT(ComplaintOf(server, {"--data_dir=/dev/null/data"}), HasSubstr("/dev/null/data"));
}

TEST(Startup, ADataFolderThatIsNotWritable) {
  SpooldProcess server;
  const std::string locked = server.folder() + "/locked";
  ASSERT_EQ(mkdir(locked.c_str(), 0500), 0);
  if (access(locked.c_str(), W_OK) == 0) GTEST_SKIP() << "root may write anywhere";
  EXPECT_THAT(ComplaintOf(server, {"--data_dir=" + locked}), AllOf(HasSubstr(locked), HasSubstr("not writable")));
}

TEST(Startup, ABadFlag) {
  SpooldProcess server;
  EXPECT_THAT(ComplaintOf(server, {"--no_such_flag=1"}), HasSubstr("no_such_flag"));
  EXPECT_THAT(ComplaintOf(server, {"--slots=many"}), HasSubstr("slots"));
  EXPECT_THAT(ComplaintOf(server, {"--slots=-1"}), HasSubstr("--slots"));
  EXPECT_THAT(ComplaintOf(server, {"--store=paper"}), HasSubstr("paper"));
  EXPECT_THAT(ComplaintOf(server, {"--worker=/nowhere/worker"}), HasSubstr("/nowhere/worker"));
  EXPECT_THAT(ComplaintOf(server, {"--grpc_address=nonsense"}), HasSubstr("nonsense"));
}

TEST(Startup, AnAddressThatOthersCanReachIsRefused) {
  SpooldProcess server;
  for (const char* address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"}) {
    EXPECT_THAT(ComplaintOf(server, {std::string("--grpc_address=") + address}),
                AllOf(HasSubstr(address), HasSubstr("--allow_unprotected_network")));
    EXPECT_THAT(ComplaintOf(server, {std::string("--http_address=") + address}), HasSubstr(address));
  }
  EXPECT_OK(server.Start({"--grpc_address=0.0.0.0:0", "--allow_unprotected_network"}));
}

TEST(Startup, FlagsMayStandInTheEnvironment) {
  SpooldProcess server;
  setenv("SPOOL_SLOTS", "many", 1);
  EXPECT_THAT(ComplaintOf(server, {}), HasSubstr("SPOOL_SLOTS"));
  setenv("SPOOL_SLOTS", "3", 1);
  ASSERT_OK(server.Start());
  unsetenv("SPOOL_SLOTS");
  EXPECT_EQ(client::Client(server.address()).GetQueueStats()->slots(), 3);
}

// A misspelt variable must not be a setting that nobody misses, nor may a stranger's keep the server from starting.
TEST(Startup, AVariableThatMeansNothingIsNamed) {
  SpooldProcess server;
  ASSERT_OK(server.Start({}, {"SPOOL_SLOT=3", "SPOOL_PRINTER=lp0"}));
  server.Terminate();
  const auto end = server.WaitForExit();
  ASSERT_OK(end);
  EXPECT_THAT(end->error, AllOf(HasSubstr("level=warning"), HasSubstr("SPOOL_SLOT (did you mean SPOOL_SLOTS?)"),
                                HasSubstr("SPOOL_PRINTER")));
  const auto lacks_its_folder = RunProgram({Runfile("server/spoold")}, {"SPOOL_DATADIR=/tmp"});
  ASSERT_OK(lacks_its_folder);
  EXPECT_EQ(lacks_its_folder->code, 1);
  EXPECT_THAT(lacks_its_folder->error, AllOf(HasSubstr("did you mean SPOOL_DATA_DIR?"), HasSubstr("--data_dir")));
}

TEST(Startup, TheClientNamesSuchVariablesToo) {
  const auto exit =
      RunProgram({Runfile("client/cli/spool"), "--version"}, {"SPOOL_SEVER=localhost:1", "SPOOL_SLOTS=2"});
  ASSERT_OK(exit);
  EXPECT_EQ(exit->code, 0);
  EXPECT_EQ(exit->error,
            "spool: warning: the environment has variables that mean nothing to Spool: SPOOL_SEVER (did you mean "
            "SPOOL_SERVER?)\n");
}

}  // namespace
}  // namespace spool::testing

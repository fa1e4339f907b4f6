// A backup that is taken while the server runs, and what it is worth when it is restored: as server/OPERATING.md says.

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tests/support/program.h"
#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

class BackupTest : public SpooldTest {
 protected:
  // As the page says: sqlite3's own backup, which may run beside the server.
  void Backup(const std::string& to) {
    const auto ran = RunProgram({"sqlite3", "-readonly", server().data_dir() + "/spool.db", ".backup '" + to + "'"});
    ASSERT_OK(ran);
    ASSERT_EQ(ran->code, 0) << ran->error;
  }
};

// P8.
TEST_F(BackupTest, ABackupTakenWhileRunningHasEveryJobAndTokensOfTheLostTimeAreRefused) {
  AddStill("a.png");
  StartServer();
  std::vector<std::string> before;
  for (int i = 0; i < 20; ++i) before.push_back(Enqueue(Resize("a.png", 8, 8)));
  const auto early = client().GetJob(before.back());
  ASSERT_OK(early);
  const std::string backup = server().folder() + "/backup.db";
  Backup(backup);
  // The time that is lost: more jobs, and readers that have tokens of it.
  std::string lost;
  for (int i = 0; i < 30; ++i) lost = Enqueue(Resize("a.png", 8, 8));
  const auto late = client().GetJob(lost);
  ASSERT_OK(late);
  server().Kill();

  // Into an empty folder: the database alone.
  std::filesystem::remove_all(server().data_dir());
  std::filesystem::create_directories(server().data_dir());
  std::filesystem::copy_file(backup, server().data_dir() + "/spool.db");
  StartServer();
  for (const std::string& id : before) EXPECT_OK(client().GetJob(id));
  EXPECT_THAT(client().GetJob(lost), StatusIs(absl::StatusCode::kNotFound));

  // Also when the new history has grown past them; else they would lead into events that are not what they were.
  for (int i = 0; i < 60; ++i) Enqueue(Resize("a.png", 8, 8));
  for (const std::string& token : {early->resume_token(), late->resume_token()}) {
    v1::WatchEventsRequest request;
    request.set_resume_token(token);
    const absl::Status ended = OpenWatch(request)->UntilEnd();
    EXPECT_THAT(ended, Refused(absl::StatusCode::kFailedPrecondition, "LOG_IDENTITY_CHANGED"));
  }
  // A reader begins anew, with a snapshot.
  v1::WatchEventsRequest anew;
  anew.set_start_at(v1::START_AT_SNAPSHOT);
  auto watch = OpenWatch(anew);
  while (watch->feed().snapshots().empty()) ASSERT_OK(watch->Next());
  // Nothing of this happens again at the next start.
  server().Kill();
  StartServer();
  watch->Resume(jobs());
  EXPECT_OK(watch->UntilOpened());
}

}  // namespace
}  // namespace spool::testing

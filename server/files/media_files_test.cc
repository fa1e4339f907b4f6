#include "server/files/media_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/status_matchers.h"

namespace spool::files {
namespace {

namespace fs = std::filesystem;

class MediaFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* folder : {"media", "out", "data", "secret"}) fs::create_directories(base_ / folder);
    std::ofstream(base_ / "media/clip.mp4") << "clip";
    std::ofstream(base_ / "secret/key") << "key";
    Reopen();
  }
  void Reopen() {
    files_.reset();
    auto files = MediaFiles::Open({base_ / "media", base_ / "out", base_ / "data"});
    ASSERT_OK(files);
    files_ = *std::move(files);
  }
  static std::string ReasonOf(const absl::Status& status) { return ErrorInfoOf(status).reason(); }

  fs::path base_ = fs::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::unique_ptr<MediaFiles> files_;
};

TEST_F(MediaFilesTest, LinksMayNotLeadOutOfTheRoot) {
  fs::create_symlink(base_ / "secret", base_ / "media/abs");
  fs::create_symlink("../secret", base_ / "media/rel");
  fs::create_symlink("/proc/self/fd/0", base_ / "media/magic");
  fs::create_symlink("loop", base_ / "media/loop");
  fs::create_symlink("clip.mp4", base_ / "media/inside.mp4");
  for (const char* input : {"abs/key", "rel/key", "magic", "loop", "../secret/key"}) {
    EXPECT_EQ(ReasonOf(files_->OpenInput(input).status()), "PATH_ESCAPES") << input;
    EXPECT_EQ(ReasonOf(files_->CheckInput(input)), "PATH_ESCAPES") << input;
  }
  EXPECT_OK(files_->OpenInput("inside.mp4"));
}

TEST_F(MediaFilesTest, MissingInputsAreNotFoundWhenOpenedAndAllowedWhenAsked) {
  EXPECT_EQ(ReasonOf(files_->OpenInput("no.mp4").status()), "INPUT_NOT_FOUND");
  EXPECT_OK(files_->CheckInput("no.mp4"));
  EXPECT_EQ(ReasonOf(files_->CheckInput("upload:01ARZ3NDEKTSV4RRFFQ69G5FAV")), "UPLOAD_NOT_FOUND");
}

TEST_F(MediaFilesTest, OnlyRegularFilesAreInputs) {
  ASSERT_EQ(mkfifo((base_ / "media/pipe").c_str(), 0600), 0);
  fs::create_directory(base_ / "media/folder");
  EXPECT_THAT(files_->OpenInput("pipe"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(files_->OpenInput("folder"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(MediaFilesTest, AStagedFileAppearsWholeOrNotAtAll) {
  {
    auto dropped = files_->StageOutput();
    ASSERT_OK(dropped);
    ASSERT_EQ(write(dropped->fd(), "x", 1), 1);
  }
  EXPECT_TRUE(fs::is_empty(base_ / "out/.spool-staging"));
  auto staged = files_->StageOutput();
  ASSERT_OK(staged);
  ASSERT_EQ(write(staged->fd(), "done", 4), 4);
  EXPECT_FALSE(fs::exists(base_ / "out/a/b/c.mp4"));
  ASSERT_OK(files_->PublishOutput(*staged, "a/b/c.mp4"));
  EXPECT_EQ(fs::file_size(base_ / "out/a/b/c.mp4"), 4);
  EXPECT_TRUE(fs::is_empty(base_ / "out/.spool-staging"));
  EXPECT_OK(files_->OpenOutput("a/b/c.mp4"));
  EXPECT_EQ(ReasonOf(files_->OpenOutput("a/b/d.mp4").status()), "OUTPUT_NOT_FOUND");
}

TEST_F(MediaFilesTest, OutputsMayNotLeadOutOfTheRoot) {
  fs::create_symlink(base_ / "secret", base_ / "out/link");
  std::ofstream(base_ / "out/file") << "x";
  for (const char* output : {"link/x.mp4", "link/a/b.mp4", "../x.mp4"}) {
    EXPECT_EQ(ReasonOf(files_->CheckOutput(output)), "PATH_ESCAPES") << output;
    auto staged = files_->StageOutput();
    ASSERT_OK(staged);
    EXPECT_THAT(files_->PublishOutput(*staged, output), StatusIs(absl::StatusCode::kInvalidArgument)) << output;
  }
  EXPECT_THAT(files_->CheckOutput("file/x.mp4"), StatusIs(absl::StatusCode::kInvalidArgument, "not a folder"));
  EXPECT_THAT(files_->CheckOutput(".spool-staging/x"), StatusIs(absl::StatusCode::kInvalidArgument));
  fs::create_directory(base_ / "out/folder");
  EXPECT_THAT(files_->CheckOutput("folder"), StatusIs(absl::StatusCode::kInvalidArgument, "folder"));
  EXPECT_OK(files_->CheckOutput("file"));
  EXPECT_EQ(std::distance(fs::directory_iterator(base_ / "secret"), {}), 1);
}

TEST_F(MediaFilesTest, LeftoversOfACrashAreRemovedAtStart) {
  std::ofstream(base_ / "out/.spool-staging/half") << "x";
  std::ofstream(base_ / "data/uploads/.spool-staging/half") << "x";
  Reopen();
  EXPECT_TRUE(fs::is_empty(base_ / "out/.spool-staging"));
  EXPECT_TRUE(fs::is_empty(base_ / "data/uploads/.spool-staging"));
}

TEST_F(MediaFilesTest, UploadsHaveIdsAndKeepOnlyTheExtension) {
  auto staged = files_->StageUpload();
  ASSERT_OK(staged);
  const auto id = files_->PublishUpload(*staged, "../../evil name.MP4");
  ASSERT_OK(id);
  EXPECT_EQ(id->substr(0, 7), "upload:");
  EXPECT_OK(files_->CheckInput(*id));
  EXPECT_OK(files_->OpenInput(*id));
  EXPECT_EQ(files_->InputExtension(*id), "mp4");
  EXPECT_EQ(files_->RemoveUploadsOlderThan(absl::Hours(1), {}), 0);
  EXPECT_EQ(files_->RemoveUploadsOlderThan(-absl::Hours(1), {*id}), 0);
  EXPECT_EQ(files_->RemoveUploadsOlderThan(-absl::Hours(1), {}), 1);
  EXPECT_EQ(ReasonOf(files_->OpenInput(*id).status()), "INPUT_NOT_FOUND");
}

TEST_F(MediaFilesTest, AMissingRootIsNamed) {
  EXPECT_THAT(MediaFiles::Open({base_ / "nowhere", base_ / "out", base_ / "data"}),
              StatusIs(absl::StatusCode::kFailedPrecondition, "media root"));
}

}  // namespace
}  // namespace spool::files

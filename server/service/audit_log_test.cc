#include "server/service/audit_log.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/auth/scope.h"
#include "server/base/errors.h"
#include "server/base/status_matchers.h"

namespace spool::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::vector<std::string> LinesOf(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

class AuditLogTest : public ::testing::Test {
 protected:
  ~AuditLogTest() override { std::filesystem::remove(path_); }

  const std::string path_ =
      absl::StrCat(::testing::TempDir(), "/", ::testing::UnitTest::GetInstance()->current_test_info()->name());
  const auth::Caller caller_ = auth::Caller::Everything().From("ipv4:127.0.0.1:1");
  const google::protobuf::MethodDescriptor& method_ = auth::MethodNamed("spool.v1.JobService.CancelJob");
};

TEST_F(AuditLogTest, ALineSaysWhoDidWhatAndWhatCameOfIt) {
  EXPECT_EQ(FormatAuditLine("2026-01-01T00:00:00Z", caller_, "CancelJob", {"job1"},
                            Error(absl::StatusCode::kNotFound, "JOB_NOT_FOUND", "there is no job job1")),
            "{\"time\":\"2026-01-01T00:00:00Z\",\"who\":\"anyone\",\"from\":\"ipv4:127.0.0.1:1\","
            "\"method\":\"CancelJob\",\"ids\":[\"job1\"],\"code\":\"NOT_FOUND\",\"reason\":\"JOB_NOT_FOUND\"}\n");
}

TEST_F(AuditLogTest, WhatACallerWritesStaysInItsPlace) {
  const std::string line =
      FormatAuditLine("t", caller_, "CancelJob", {"a\"],\"code\":\"OK\"}\n{\"x\\", "\x01\x7f"}, absl::OkStatus());
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
  EXPECT_THAT(line, HasSubstr("[\"a\\\"],\\\"code\\\":\\\"OK\\\"}\\n{\\\"x\\\\\",\"\\u0001\\u007f\"]"));
}

TEST_F(AuditLogTest, TheLineIsThereBeforeTheAnswer) {
  const auto log = AuditLog::ToFile(path_);
  ASSERT_OK(log);
  int lines_at_answer = -1;
  Done done = (*log)->Follow(
      caller_, method_, [] { return std::vector<std::string>{"job1"}; },
      [&](absl::Status) { lines_at_answer = static_cast<int>(LinesOf(path_).size()); });
  EXPECT_THAT(LinesOf(path_), SizeIs(0));
  done(absl::OkStatus());
  EXPECT_EQ(lines_at_answer, 1);
  EXPECT_THAT(LinesOf(path_), ElementsAre(HasSubstr("\"ids\":[\"job1\"],\"code\":\"OK\"")));
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600);
}

TEST_F(AuditLogTest, ManyIdsTakeSeveralLines) {
  const auto log = AuditLog::ToFile(path_);
  ASSERT_OK(log);
  std::vector<std::string> ids;
  for (int i = 0; i < 201; ++i) ids.push_back(absl::StrCat("job", i));
  (*log)->Record(caller_, method_, ids, absl::OkStatus());
  EXPECT_THAT(LinesOf(path_),
              ElementsAre(HasSubstr("\"job99\"]"), HasSubstr("\"job199\"]"), HasSubstr("[\"job200\"]")));
  (*log)->Record(caller_, method_, {}, absl::OkStatus());
  EXPECT_THAT(LinesOf(path_), SizeIs(4));
}

TEST_F(AuditLogTest, AFileThatWasMovedAwayIsMadeAgain) {
  const auto log = AuditLog::ToFile(path_);
  ASSERT_OK(log);
  (*log)->Record(caller_, method_, {"before"}, absl::OkStatus());
  const std::string moved = path_ + ".1";
  std::filesystem::rename(path_, moved);
  (*log)->Record(caller_, method_, {"between"}, absl::OkStatus());
  ASSERT_OK((*log)->Reopen());
  (*log)->Record(caller_, method_, {"after"}, absl::OkStatus());
  EXPECT_THAT(LinesOf(moved), ElementsAre(HasSubstr("before"), HasSubstr("between")));
  EXPECT_THAT(LinesOf(path_), ElementsAre(HasSubstr("after")));
  std::filesystem::remove(moved);
}

TEST_F(AuditLogTest, AFileThatCannotBeOpenedIsSaid) {
  EXPECT_THAT(AuditLog::ToFile("/no/such/folder/audit"),
              StatusIs(absl::StatusCode::kFailedPrecondition, "/no/such/folder/audit"));
}

}  // namespace
}  // namespace spool::service

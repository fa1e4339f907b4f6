#include "server/sqlite/database.h"

#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::sqlite {
namespace {

constexpr const char* kMigrations[] = {
    "CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB NOT NULL) STRICT",
    "CREATE TABLE u (a INTEGER NOT NULL) STRICT",
};

class DatabaseTest : public ::testing::Test {
 protected:
  std::string path_ =
      std::string(::testing::TempDir()) + "/" + ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".db";
};

TEST_F(DatabaseTest, MigratesStepByStepAndRefusesANewerFile) {
  {
    auto db = Database::Open(path_, Database::Mode::kReadWrite);
    ASSERT_OK(db);
    ASSERT_OK(db->Migrate(absl::MakeConstSpan(kMigrations, 1)));
    ASSERT_OK(db->Execute("INSERT INTO t VALUES (1, x'00')"));
    ASSERT_OK(db->Migrate(kMigrations));
    ASSERT_OK(db->Migrate(kMigrations));
    ASSERT_OK(db->Execute("INSERT INTO u VALUES (1)"));
  }
  auto old = Database::Open(path_, Database::Mode::kReadWrite);
  ASSERT_OK(old);
  EXPECT_THAT(old->Migrate(absl::MakeConstSpan(kMigrations, 1)),
              StatusIs(absl::StatusCode::kFailedPrecondition, "newer"));
}

TEST_F(DatabaseTest, TransactionWithoutCommitLeavesNothing) {
  auto db = Database::Open(path_, Database::Mode::kReadWrite);
  ASSERT_OK(db);
  ASSERT_OK(db->Migrate(kMigrations));
  {
    auto t = Transaction::Begin(*db, Transaction::Kind::kWrite);
    ASSERT_OK(t);
    ASSERT_OK(db->Execute("INSERT INTO u VALUES (1)"));
  }
  auto count = db->Prepare("SELECT count(*) FROM u");
  ASSERT_OK(count);
  ASSERT_OK(count->Step());
  EXPECT_EQ(count->Int(0), 0);
}

TEST_F(DatabaseTest, BlobsWithNulComeBackWhole) {
  auto db = Database::Open(path_, Database::Mode::kReadWrite);
  ASSERT_OK(db);
  ASSERT_OK(db->Migrate(kMigrations));
  auto insert = db->Prepare("INSERT INTO t (a, b) VALUES (?, ?)");
  ASSERT_OK(insert);
  const std::string bytes("a\0b", 3);
  ASSERT_OK(insert->Bind(1, int64_t{5}).BindBlob(2, bytes).Run());
  ASSERT_OK(insert->Bind(1, int64_t{6}).BindBlob(2, "").Run());
  auto select = db->Prepare("SELECT b FROM t ORDER BY a");
  ASSERT_OK(select);
  ASSERT_TRUE(*select->Step());
  EXPECT_EQ(select->Bytes(0), bytes);
  ASSERT_TRUE(*select->Step());
  EXPECT_EQ(select->Bytes(0), "");
  EXPECT_FALSE(select->IsNull(0));
  EXPECT_FALSE(*select->Step());
  EXPECT_THAT(insert->Bind(1, int64_t{5}).BindBlob(2, "x").Run(), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(DatabaseTest, AFileThatIsNoDatabaseIsDataLoss) {
  std::ofstream(path_) << std::string(10000, 'x');
  EXPECT_THAT(Database::Open(path_, Database::Mode::kReadWrite), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(DatabaseTest, MissingFolderIsFailedPrecondition) {
  EXPECT_THAT(Database::Open(path_ + "/no/such.db", Database::Mode::kReadWrite),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(DatabaseTest, ReadTransactionSeesOneCommit) {
  auto writer = Database::Open(path_, Database::Mode::kReadWrite);
  ASSERT_OK(writer);
  ASSERT_OK(writer->Migrate(kMigrations));
  auto reader = Database::Open(path_, Database::Mode::kReadOnly);
  ASSERT_OK(reader);
  auto count = reader->Prepare("SELECT count(*) FROM u");
  ASSERT_OK(count);
  {
    auto view = Transaction::Begin(*reader, Transaction::Kind::kRead);
    ASSERT_OK(view);
    ASSERT_TRUE(*count->Step());
    count->Reset();
    ASSERT_OK(writer->Execute("INSERT INTO u VALUES (1)"));
    ASSERT_TRUE(*count->Step());
    EXPECT_EQ(count->Int(0), 0);
    count->Reset();
  }
  ASSERT_TRUE(*count->Step());
  EXPECT_EQ(count->Int(0), 1);
  EXPECT_FALSE(reader->Execute("INSERT INTO u VALUES (1)").ok());
}

}  // namespace
}  // namespace spool::sqlite

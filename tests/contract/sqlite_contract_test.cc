// The SQLite store passes the suite.

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "server/store/sqlite/sqlite_job_store.h"
#include "tests/contract/job_store_contract.h"

namespace spool::contract {
namespace {

class SqliteHome : public StoreHome {
 public:
  SqliteHome() {
    std::string folder = ::testing::TempDir() + "/store-XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  ~SqliteHome() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<store::JobStore> Open(const Clock* clock) override {
    auto store = store::SqliteJobStore::Open({.path = folder_ / "spool.db", .clock = clock});
    EXPECT_OK(store);
    return store.ok() ? *std::move(store) : nullptr;
  }

 private:
  std::filesystem::path folder_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, JobStoreContract,
                         ::testing::Values(Implementation{"sqlite", [] { return std::make_unique<SqliteHome>(); }}));

}  // namespace
}  // namespace spool::contract

#include "server/service/media_calls.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/fake_clock.h"
#include "server/base/status_matchers.h"
#include "server/service/pace.h"

namespace spool::service {
namespace {

constexpr absl::Time kStart = absl::FromUnixSeconds(1767225600);

TEST(Pace, AnyRateAboveTheLeastIsKept) {
  for (const absl::Duration step : {absl::Milliseconds(1), absl::Seconds(1), absl::Seconds(29), absl::Seconds(100)}) {
    Pace pace(kStart);
    // A little more than the least, so that no rounding tips it.
    const auto bytes = static_cast<int64_t>(absl::FDivDuration(step, Pace::kWindow) * Pace::kLeastBytes * 1.01) + 1;
    for (absl::Time now = kStart; now < kStart + absl::Hours(1); now += std::max(step, absl::Milliseconds(100))) {
      ASSERT_TRUE(pace.Keeps(step < absl::Milliseconds(100) ? bytes * 100 : bytes, now)) << step;
    }
  }
}

TEST(Pace, ATrickleIsNot) {
  for (const absl::Duration step : {absl::Seconds(1), absl::Seconds(29)}) {
    Pace pace(kStart);
    absl::Time now = kStart;
    while (pace.Keeps(1, now) && now < kStart + absl::Hours(1)) now += step;
    EXPECT_GE(now, kStart + Pace::kWindow) << step;
    EXPECT_LE(now, kStart + Pace::kWindow + step) << step;
  }
}

TEST(Pace, AGoodBeginningDoesNotCountForEver) {
  Pace pace(kStart);
  EXPECT_TRUE(pace.Keeps(int64_t{1} << 40, kStart + absl::Minutes(1)));
  EXPECT_FALSE(pace.Keeps(1, kStart + absl::Minutes(2)));
}

TEST(Pace, OurTimeAndClocksThatAreSetBackAreNotTheSenders) {
  Pace pace(kStart);
  EXPECT_TRUE(pace.Keeps(1, kStart + absl::Seconds(59)));
  pace.Forgive(absl::Seconds(30));
  EXPECT_TRUE(pace.Keeps(1, kStart + absl::Seconds(89)));
  EXPECT_TRUE(pace.Keeps(1, kStart - absl::Hours(1)));
  EXPECT_FALSE(pace.Keeps(1, kStart - absl::Minutes(59))) << "from there on it is held to it again";
}

class UploadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* folder : {"media", "out", "data"}) std::filesystem::create_directories(path_ + folder);
    auto files = files::MediaFiles::Open({path_ + "media", path_ + "out", path_ + "data"});
    ASSERT_OK(files);
    files_ = *std::move(files);
    // Uploads want neither store nor executor.
    calls_ = std::make_unique<MediaCalls>(nullptr, files_.get(), nullptr, audit_.get(), int64_t{1} << 30, &clock_);
  }
  absl::StatusOr<std::unique_ptr<Upload>> Start() {
    auto turn = calls_->TakeUploadTurn(caller_);
    if (!turn.ok()) return turn.status();
    return calls_->StartUpload(caller_, {}, *std::move(turn));
  }

  const std::string path_ =
      absl::StrCat(::testing::TempDir(), "/", ::testing::UnitTest::GetInstance()->current_test_info()->name(), "/");
  const auth::Caller caller_ = auth::Caller::Everything();
  FakeClock clock_;
  std::unique_ptr<files::MediaFiles> files_;
  const std::unique_ptr<AuditLog> audit_ = AuditLog::Off();
  std::unique_ptr<MediaCalls> calls_;
};

TEST_F(UploadTest, ThoseWhoTrickleLoseTheirTurns) {
  std::vector<std::unique_ptr<Upload>> tricklers;
  for (;;) {
    auto upload = Start();
    if (!upload.ok()) {
      EXPECT_EQ(ErrorInfoOf(upload.status()).reason(), "TRANSFER_LIMIT");
      break;
    }
    tricklers.push_back(*std::move(upload));
    ASSERT_LT(tricklers.size(), 1000u) << "there is no limit";
  }
  for (int i = 0; i < 2; ++i) {
    clock_.Advance(Pace::kWindow / 2 - absl::Seconds(1));
    for (const auto& upload : tricklers) EXPECT_OK(upload->Append("x"));
  }
  clock_.Advance(absl::Seconds(29));
  for (auto& upload : tricklers) {
    const absl::Status status = upload->Append("x");
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kDeadlineExceeded, "64 KiB"));
    EXPECT_EQ(ErrorInfoOf(status).reason(), "UPLOAD_TOO_SLOW");
    upload.reset();
  }
  const auto next = Start();
  ASSERT_OK(next);
  EXPECT_OK((*next)->Append("x"));
  EXPECT_OK((*next)->Finish());
}

TEST_F(UploadTest, ASlowOneThatKeepsOnIsTaken) {
  const auto upload = Start();
  ASSERT_OK(upload);
  const std::string piece(33 << 10, 'x');
  for (int i = 0; i < 100; ++i) {
    clock_.Advance(absl::Seconds(30));
    ASSERT_OK((*upload)->Append(piece)) << i;
  }
  const auto finished = (*upload)->Finish();
  ASSERT_OK(finished);
  EXPECT_EQ(finished->bytes(), 100 * (33 << 10));
}

}  // namespace
}  // namespace spool::service

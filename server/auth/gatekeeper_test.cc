#include "server/auth/gatekeeper.h"

#include <stdio.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "server/auth/token_line.h"
#include "server/base/errors.h"
#include "server/base/fake_clock.h"
#include "server/base/status_matchers.h"

namespace spool::auth {
namespace {

class GatekeeperTest : public ::testing::Test {
 protected:
  ~GatekeeperTest() override { remove(path_.c_str()); }

  // As an editor does it: another file takes the name.
  void Write(const std::string& text, mode_t mode = 0600) {
    const std::string aside = path_ + ".new";
    std::ofstream(aside) << text;
    ASSERT_EQ(chmod(aside.c_str(), mode), 0);
    ASSERT_EQ(rename(aside.c_str(), path_.c_str()), 0);
  }
  static std::string Line(absl::string_view name, absl::string_view token, absl::string_view rest) {
    return absl::StrCat("{\"name\":\"", name, "\",\"sha256\":\"", HexDigestOf(token), "\",", rest, "}\n");
  }
  static std::string ReasonOf(const absl::StatusOr<Caller>& caller) { return ErrorInfoOf(caller.status()).reason(); }

  const std::string path_ =
      absl::StrCat(::testing::TempDir(), "/", ::testing::UnitTest::GetInstance()->current_test_info()->name());
  FakeClock clock_;
};

TEST_F(GatekeeperTest, WithoutAFileEverybodyMayDoEverything) {
  const auto gate = Gatekeeper::Open("", &clock_);
  ASSERT_OK(gate);
  EXPECT_TRUE((*gate)->open());
  const auto caller = (*gate)->Identify("");
  ASSERT_OK(caller);
  EXPECT_TRUE(caller->Can(Scope::kAdmin));
  EXPECT_FALSE(caller->limited());
  EXPECT_EQ(caller->name(), "anyone");
  EXPECT_OK(caller->Standing());
}

TEST_F(GatekeeperTest, AnEmptyFileLetsNobodyIn) {
  Write("# nobody yet\n");
  const auto gate = Gatekeeper::Open(path_, &clock_);
  ASSERT_OK(gate);
  EXPECT_FALSE((*gate)->open());
  EXPECT_EQ(ReasonOf((*gate)->Identify("")), "TOKEN_MISSING");
  EXPECT_EQ(ReasonOf((*gate)->Identify("Bearer x")), "TOKEN_UNKNOWN");
}

TEST_F(GatekeeperTest, ATokenIsKnownAgainAndNothingElseIs) {
  Write(Line("alice", "one", "\"scope\":\"read\"") + Line("bob", "two", "\"scope\":\"admin\""));
  const auto gate = Gatekeeper::Open(path_, &clock_);
  ASSERT_OK(gate);
  const auto alice = (*gate)->Identify("Bearer one");
  ASSERT_OK(alice);
  EXPECT_EQ(alice->name(), "alice");
  EXPECT_TRUE(alice->Can(Scope::kPublic));
  EXPECT_TRUE(alice->Can(Scope::kRead));
  EXPECT_FALSE(alice->Can(Scope::kWrite));
  const auto bob = (*gate)->Identify("bearer  two ");
  ASSERT_OK(bob);
  EXPECT_TRUE(bob->Can(Scope::kAdmin));
  for (const std::string& missing :
       {std::string(), std::string("one"), std::string("Basic b25l"), std::string("Bearer")}) {
    EXPECT_THAT((*gate)->Identify(missing), StatusIs(absl::StatusCode::kUnauthenticated)) << missing;
    EXPECT_EQ(ReasonOf((*gate)->Identify(missing)), "TOKEN_MISSING") << missing;
  }
  for (const std::string& unknown :
       {std::string("Bearer "), std::string("Bearer on"), std::string("Bearer one1"), std::string("Bearer ONE"),
        "Bearer " + HexDigestOf("one"), "Bearer " + std::string(100000, 'x'), std::string("Bearer one\0", 11)}) {
    EXPECT_THAT((*gate)->Identify(unknown), StatusIs(absl::StatusCode::kUnauthenticated)) << unknown.substr(0, 80);
    EXPECT_EQ(ReasonOf((*gate)->Identify(unknown)), "TOKEN_UNKNOWN") << unknown.substr(0, 80);
  }
}

TEST_F(GatekeeperTest, ATokenExpiresAlsoForCallsUnderWay) {
  const absl::Time end = clock_.Now() + absl::Minutes(1);
  Write(Line("alice", "one",
             absl::StrCat("\"scope\":\"read\",\"expiresAt\":\"",
                          absl::FormatTime(absl::RFC3339_sec, end, absl::UTCTimeZone()), "\"")));
  const auto gate = Gatekeeper::Open(path_, &clock_);
  ASSERT_OK(gate);
  clock_.Advance(absl::Seconds(59));
  const auto caller = (*gate)->Identify("Bearer one");
  ASSERT_OK(caller);
  EXPECT_OK(caller->Standing());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(ReasonOf((*gate)->Identify("Bearer one")), "TOKEN_EXPIRED");
  EXPECT_EQ(ErrorInfoOf(caller->Standing()).reason(), "TOKEN_EXPIRED");
}

TEST_F(GatekeeperTest, AFileThatOthersMayReadIsRefused) {
  for (const mode_t mode : {0604, 0602, 0644, 0666}) {
    Write(Line("alice", "one", "\"scope\":\"read\""), mode);
    EXPECT_THAT(Gatekeeper::Open(path_, &clock_), StatusIs(absl::StatusCode::kFailedPrecondition, "chmod o-rwx"));
  }
  Write(Line("alice", "one", "\"scope\":\"read\""), 0640);
  EXPECT_OK(Gatekeeper::Open(path_, &clock_));
  EXPECT_THAT(Gatekeeper::Open(path_ + "/x", &clock_), StatusIs(absl::StatusCode::kFailedPrecondition, path_));
  EXPECT_THAT(Gatekeeper::Open("/dev/null", &clock_), StatusIs(absl::StatusCode::kFailedPrecondition, "regular file"));
}

TEST_F(GatekeeperTest, AnotherFileIsReadAndCallsUnderWayAreTold) {
  const std::string read = "\"scope\":\"read\"";
  Write(Line("stays", "1", read) + Line("goes", "2", read) + Line("changes", "3", read));
  const auto gate = Gatekeeper::Open(path_, &clock_);
  ASSERT_OK(gate);
  const auto stays = (*gate)->Identify("Bearer 1");
  const auto goes = (*gate)->Identify("Bearer 2");
  const auto changes = (*gate)->Identify("Bearer 3");
  ASSERT_TRUE(stays.ok() && goes.ok() && changes.ok());
  Write(Line("changes", "3", "\"scope\":\"write\"") + Line("stays", "1", read));
  EXPECT_OK((*gate)->Reload());
  EXPECT_OK(stays->Standing());
  EXPECT_THAT(goes->Standing(), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_EQ(ErrorInfoOf(goes->Standing()).reason(), "TOKEN_REVOKED");
  EXPECT_THAT(changes->Standing(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(ReasonOf((*gate)->Identify("Bearer 2")), "TOKEN_UNKNOWN");
  const auto changed = (*gate)->Identify("Bearer 3");
  ASSERT_OK(changed);
  EXPECT_TRUE(changed->Can(Scope::kWrite));
  EXPECT_OK(changed->Standing());
}

TEST_F(GatekeeperTest, ABadFileKeepsTheTokens) {
  Write(Line("alice", "one", "\"scope\":\"read\""));
  const auto gate = Gatekeeper::Open(path_, &clock_);
  ASSERT_OK(gate);
  const auto caller = (*gate)->Identify("Bearer one");
  Write(Line("alice", "two", "\"scope\":\"read\"") + "nonsense\n");
  EXPECT_THAT((*gate)->Reload(), StatusIs(absl::StatusCode::kFailedPrecondition, "line 2"));
  remove(path_.c_str());
  EXPECT_THAT((*gate)->Reload(), StatusIs(absl::StatusCode::kFailedPrecondition, path_));
  EXPECT_OK((*gate)->Identify("Bearer one"));
  EXPECT_OK(caller->Standing());
  EXPECT_EQ(ReasonOf((*gate)->Identify("Bearer two")), "TOKEN_UNKNOWN");
}

TEST_F(GatekeeperTest, AChangeIsSeenWithoutBeingTold) {
  Write(Line("alice", "one", "\"scope\":\"read\""));
  const auto gate = Gatekeeper::Open(path_, &clock_);
  ASSERT_OK(gate);
  Write(Line("alice", "two", "\"scope\":\"read\""));
  const absl::Time give_up = absl::Now() + absl::Seconds(60);
  while (!(*gate)->Identify("Bearer two").ok()) {
    ASSERT_LT(absl::Now(), give_up) << "waited for the new token";
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_EQ(ReasonOf((*gate)->Identify("Bearer one")), "TOKEN_UNKNOWN");
}

}  // namespace
}  // namespace spool::auth

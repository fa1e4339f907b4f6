#include <fcntl.h>

#include <string>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/fake_clock.h"
#include "server/base/hmac_sha256.h"
#include "server/base/log.h"
#include "server/base/proto_time.h"
#include "server/base/sha256.h"
#include "server/base/ulid.h"
#include "server/base/unique_fd.h"

namespace spool {
namespace {

TEST(Ulid, IncreasesWithinAMillisecondAndWhenTheClockStepsBack) {
  UlidSource source;
  const absl::Time now = absl::FromUnixMillis(1700000000123);
  std::string last = source.Next(now);
  EXPECT_TRUE(IsUlid(last)) << last;
  for (int i = 0; i < 1000; ++i) {
    const std::string next = source.Next(i % 2 == 0 ? now : now - absl::Hours(1));
    EXPECT_LT(last, next);
    last = next;
  }
  EXPECT_LT(last, source.Next(now + absl::Milliseconds(1)));
}

TEST(Ulid, BeginsWithTheTime) {
  UlidSource source;
  // 01ARYZ6S41 is 1469918176385 in the ULID specification's own example.
  EXPECT_EQ(source.Next(absl::FromUnixMillis(1469918176385)).substr(0, 10), "01ARYZ6S41");
}

TEST(Ulid, RefusesWhatIsNotOne) {
  EXPECT_FALSE(IsUlid(""));
  EXPECT_FALSE(IsUlid("01arz3ndektsv4rrffq69g5fav"));
  EXPECT_FALSE(IsUlid("81ARZ3NDEKTSV4RRFFQ69G5FAV"));
  EXPECT_FALSE(IsUlid("01ARZ3NDEKTSV4RRFFQ69G5FA/"));
}

TEST(Log, TextQuotesWhatWouldBreakTheLine) {
  EXPECT_EQ(FormatLogEntry(LogFormat::kText, "T", LogLevel::kWarning, "two words", {{"path", "a\nb"}, {"n", 3}}),
            "time=T level=warning msg=\"two words\" path=\"a\\nb\" n=3\n");
}

TEST(Log, JsonIsOneLine) {
  EXPECT_EQ(FormatLogEntry(LogFormat::kJson, "T", LogLevel::kError, "say \"hi\"", {{"k", "\x01"}}),
            "{\"time\":\"T\",\"level\":\"error\",\"message\":\"say \\\"hi\\\"\",\"k\":\"\\u0001\"}\n");
}

TEST(ProtoTime, RoundTripsMicrosecondsAlsoBefore1970) {
  for (const int64_t micros : {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{-1000000}, int64_t{1767225600123456}}) {
    const absl::Time time = absl::FromUnixMicros(micros);
    const google::protobuf::Timestamp proto = ToProto(time);
    EXPECT_GE(proto.nanos(), 0);
    EXPECT_EQ(FromProto(proto), time);
  }
  EXPECT_EQ(FromProto(ToProto(absl::Milliseconds(-1500))), absl::Milliseconds(-1500));
}

TEST(Errors, CarryOneErrorInfoAndTheField) {
  const absl::Status status = FieldError("resize.width", "must be at least 2");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorInfoOf(status).reason(), "FIELD_INVALID");
  EXPECT_EQ(ErrorInfoOf(status).domain(), "spool");
  ASSERT_EQ(BadRequestOf(status).field_violations_size(), 1);
  EXPECT_EQ(BadRequestOf(status).field_violations(0).field(), "resize.width");
  EXPECT_EQ(ErrorInfoOf(absl::InternalError("plain")).reason(), "");
}

// The empty string and "abc", from FIPS 180-4's examples.
TEST(Sha256, KnownDigests) {
  EXPECT_EQ(absl::BytesToHexString(Sha256Of("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 sha;
  sha.Add("a");
  sha.Add("bc");
  EXPECT_EQ(absl::BytesToHexString(sha.Finish()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// RFC 4231, cases 1, 2 and 6.
TEST(HmacSha256, KnownCodes) {
  EXPECT_EQ(absl::BytesToHexString(HmacSha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(absl::BytesToHexString(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(absl::BytesToHexString(
                HmacSha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(UniqueFd, ClosesOnce) {
  const int raw = open("/dev/null", O_RDONLY);
  UniqueFd a(raw);
  UniqueFd b(std::move(a));
  EXPECT_FALSE(a.valid());
  EXPECT_EQ(b.get(), raw);
  b.reset();
  EXPECT_EQ(fcntl(raw, F_GETFD), -1);
}

TEST(FakeClock, MovesOnlyWhenTold) {
  FakeClock clock;
  const absl::Time before = clock.Now();
  EXPECT_EQ(clock.Now(), before);
  clock.Advance(absl::Seconds(2));
  EXPECT_EQ(clock.Now() - before, absl::Seconds(2));
}

}  // namespace
}  // namespace spool

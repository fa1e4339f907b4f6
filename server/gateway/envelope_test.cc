#include "server/gateway/envelope.h"

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/status_matchers.h"

namespace spool::gateway {
namespace {

std::string Frame(uint8_t flags, const std::string& payload) { return Envelope(flags, Bytes(payload)).Flat(); }

TEST(Envelope, OneMessageComesThrough) {
  EXPECT_EQ(Frame(2, "abc"), std::string("\2\0\0\0\3abc", 8));
  EXPECT_EQ(*OnlyMessage(Frame(0, "abc")), "abc");
  EXPECT_EQ(*OnlyMessage(Frame(0, "")), "");
  const std::string large(70000, 'x');
  EXPECT_EQ(*OnlyMessage(Frame(0, large)), large);
}

TEST(Envelope, AnyOtherNumberIsUnimplemented) {
  EXPECT_THAT(OnlyMessage(""), StatusIs(absl::StatusCode::kUnimplemented, "none"));
  EXPECT_THAT(OnlyMessage(Frame(0, "a") + Frame(0, "b")), StatusIs(absl::StatusCode::kUnimplemented, "more"));
}

TEST(Envelope, CutShort) {
  const std::string whole = Frame(0, "hello");
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_THAT(OnlyMessage(whole.substr(0, size)), StatusIs(absl::StatusCode::kInvalidArgument, "cut short")) << size;
  }
  EXPECT_THAT(OnlyMessage(std::string("\0\xff\xff\xff\xff", 5)), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(Envelope, FlagsThatARequestMustNotHave) {
  EXPECT_THAT(OnlyMessage(Frame(1, "a")), StatusIs(absl::StatusCode::kInternal, "compressed"));
  for (const int flags : {2, 3, 7, 0x80, 0x81, 0xff}) {
    EXPECT_THAT(OnlyMessage(Frame(static_cast<uint8_t>(flags), "a")), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(Base64, StretchesThatEachEndWithPadding) {
  EXPECT_EQ(*DecodeBase64Stretches(""), "");
  EXPECT_EQ(*DecodeBase64Stretches(absl::Base64Escape("a") + absl::Base64Escape("bc") + absl::Base64Escape("def")),
            "abcdef");
  for (const char* bad : {"a", "ab", "abc", "ab=c", "a===", "====", "ab\n=", "ab..", "-_-_", "YQ==="}) {
    EXPECT_THAT(DecodeBase64Stretches(bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(Trailers, CarryCodeMessageAndDetails) {
  EXPECT_EQ(GrpcWebTrailers(absl::OkStatus()), "grpc-status: 0\r\n");
  const std::string trailers = GrpcWebTrailers(absl::NotFoundError("100% \xc3\xbc\r\ngrpc-status: 0"));
  EXPECT_EQ(
      trailers.find("grpc-status: 5\r\ngrpc-message: 100%25 %C3%BC%0D%0Agrpc-status: 0\r\ngrpc-status-details-bin: "),
      0u)
      << trailers;
}

}  // namespace
}  // namespace spool::gateway

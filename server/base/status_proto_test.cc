#include "server/base/status_proto.h"

#include <string>

#include "gtest/gtest.h"
#include "server/base/errors.h"

namespace spool {
namespace {

TEST(StatusProto, HasTheDetailsOfTheStatus) {
  const google::rpc::Status proto = StatusProto(FieldError("input", "is empty"));
  EXPECT_EQ(proto.code(), 3);
  EXPECT_EQ(proto.message(), "input: is empty");
  EXPECT_EQ(proto.details_size(), 2) << proto.DebugString();
}

TEST(StatusProto, APlainErrorGetsItsCodeAsReason) {
  const google::rpc::Status proto = StatusProto(absl::InternalError("oops"));
  google::rpc::ErrorInfo info;
  ASSERT_EQ(proto.details_size(), 1);
  ASSERT_TRUE(proto.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "INTERNAL");
}

TEST(StatusProto, ALongMessageIsCutBetweenCharacters) {
  // Of one, two, three and four bytes, so that 2000 falls into the midst of all but the first.
  for (const std::string character : {"a", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x8e\xac"}) {
    std::string text = "b";
    for (int i = 0; i < 3000; ++i) text += character;
    const std::string message = StatusProto(absl::InternalError(text)).message();
    EXPECT_EQ(message, text.substr(0, 1 + 1999 / character.size() * character.size())) << character;
  }
  EXPECT_EQ(StatusProto(absl::InternalError(std::string(2000, 'a'))).message().size(), 2000u);
}

}  // namespace
}  // namespace spool

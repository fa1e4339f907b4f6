#include "server/base/utf8.h"

#include "gtest/gtest.h"
#include "server/base/errors.h"

namespace spool {
namespace {

TEST(Utf8, WhatIsText) {
  for (const char* text :
       {"", "a", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x8e\xac", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
    EXPECT_EQ(ValidUtf8(text), text);
  }
}

TEST(Utf8, WhatIsNot) {
  for (const char* text : {"\xff", "\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80", "a\xe2\x82", "\xf0\x9f\x8e"}) {
    EXPECT_FALSE(IsUtf8(text));
    EXPECT_TRUE(IsUtf8(ValidUtf8(text)));
  }
  EXPECT_EQ(ValidUtf8("a\xff\xc3\xbc\xe2\x82"), "a\xef\xbf\xbd\xc3\xbc\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Utf8, AnErrorIsTextWhateverItQuotes) {
  const absl::Status status = FieldError("field\xff", "is\xfe");
  EXPECT_TRUE(IsUtf8(status.message()));
  EXPECT_EQ(BadRequestOf(status).field_violations(0).field(), "field\xef\xbf\xbd");
  EXPECT_EQ(ErrorInfoOf(status).metadata().at("field"), "field\xef\xbf\xbd");
}

}  // namespace
}  // namespace spool

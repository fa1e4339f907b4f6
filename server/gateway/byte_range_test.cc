#include "server/gateway/byte_range.h"

#include "gtest/gtest.h"

namespace spool::gateway {
namespace {

RangeAnswer Part(int64_t begin, int64_t end) { return {RangeKind::kPart, {begin, end}}; }
void ExpectRange(const char* header, int64_t size, const RangeAnswer& wanted) {
  const RangeAnswer got = ParseRange(header, size);
  EXPECT_EQ(got.kind, wanted.kind) << header;
  EXPECT_EQ(got.range, wanted.range) << header << ": " << got.range.begin << " to " << got.range.end;
}

TEST(ByteRange, PartsOfAFile) {
  ExpectRange("bytes=0-", 100, Part(0, 100));
  ExpectRange("bytes=0-0", 100, Part(0, 1));
  ExpectRange("bytes=10-19", 100, Part(10, 20));
  ExpectRange("bytes=90-1000", 100, Part(90, 100));
  ExpectRange("bytes=-10", 100, Part(90, 100));
  ExpectRange("bytes=-1000", 100, Part(0, 100));
  ExpectRange("bytes=99-", 100, Part(99, 100));
}

TEST(ByteRange, WhatLiesBehindTheEnd) {
  for (const char* header : {"bytes=100-", "bytes=100-200", "bytes=-0", "bytes=999999999999999999-"}) {
    EXPECT_EQ(ParseRange(header, 100).kind, RangeKind::kUnsatisfiable) << header;
  }
  EXPECT_EQ(ParseRange("bytes=0-", 0).kind, RangeKind::kUnsatisfiable);
  EXPECT_EQ(ParseRange("bytes=-1", 0).kind, RangeKind::kUnsatisfiable);
}

TEST(ByteRange, WhatIsNoSingleRangeGivesTheWhole) {
  for (const char* header : {"", "bytes", "bytes=", "bytes=-", "lines=1-2", "bytes=1-2,4-5", "bytes=9-1", "bytes=a-b",
                             "bytes=--1", "bytes=1--2", "bytes=+1-2", "bytes=9999999999999999999-"}) {
    ExpectRange(header, 100, {RangeKind::kWhole, {0, 100}});
  }
}

}  // namespace
}  // namespace spool::gateway

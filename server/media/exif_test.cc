#include "server/media/exif.h"

#include <string>

#include "gtest/gtest.h"

namespace spool::media {
namespace {

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes += static_cast<char>(value);
  return bytes;
}

// A JPEG's beginning with an orientation tag, after another segment, as cameras write it.
std::string Jpeg(int tag, bool little_endian) {
  std::string tiff;
  if (little_endian) {
    tiff = Bytes({'I', 'I', 42, 0, 8, 0, 0, 0, 2, 0});
    tiff += Bytes({0x0f, 0x01, 2, 0, 4, 0, 0, 0, 'S', 'p', 'o', 0});
    tiff += Bytes({0x12, 0x01, 3, 0, 1, 0, 0, 0, tag, 0, 0, 0});
  } else {
    tiff = Bytes({'M', 'M', 0, 42, 0, 0, 0, 8, 0, 2});
    tiff += Bytes({0x01, 0x0f, 0, 2, 0, 0, 0, 4, 'S', 'p', 'o', 0});
    tiff += Bytes({0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, tag, 0, 0});
  }
  const std::string exif = std::string("Exif\0\0", 6) + tiff;
  return Bytes({0xff, 0xd8, 0xff, 0xe0, 0, 4, 'J', 'F', 0xff, 0xe1, 0, static_cast<int>(exif.size() + 2)}) + exif +
         Bytes({0xff, 0xda, 0, 2});
}

TEST(Exif, ReadsAllEightOrientationsInBothByteOrders) {
  const Orientation expected[] = {{false, 0},  {true, 0},   {false, 180}, {true, 180},
                                  {true, 270}, {false, 90}, {true, 90},   {false, 270}};
  for (int tag = 1; tag <= 8; ++tag) {
    EXPECT_EQ(OrientationOfJpeg(Jpeg(tag, true)), expected[tag - 1]) << tag;
    EXPECT_EQ(OrientationOfJpeg(Jpeg(tag, false)), expected[tag - 1]) << tag;
  }
}

TEST(Exif, TakesNonsenseForUpright) {
  EXPECT_EQ(OrientationOfJpeg(""), Orientation{});
  EXPECT_EQ(OrientationOfJpeg("PNG"), Orientation{});
  EXPECT_EQ(OrientationOfJpeg(Jpeg(0, true)), Orientation{});
  EXPECT_EQ(OrientationOfJpeg(Jpeg(9, false)), Orientation{});
}

TEST(Exif, NeverReadsBeyondTheBytesAndAlwaysEnds) {
  const std::string whole = Jpeg(6, true);
  for (size_t size = 0; size < whole.size(); ++size) OrientationOfJpeg(absl::string_view(whole).substr(0, size));
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const char value : {'\0', '\xff', '\x7f'}) {
      std::string damaged = whole;
      damaged[at] = value;
      OrientationOfJpeg(damaged);
    }
  }
}

}  // namespace
}  // namespace spool::media

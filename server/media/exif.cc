#include "server/media/exif.h"

#include <cstdint>
#include <optional>

namespace spool::media {
namespace {

constexpr absl::string_view kExifHeader("Exif\0\0", 6);
constexpr uint16_t kOrientationTag = 0x0112;
constexpr uint16_t kShortType = 3;

// Integers at offsets, in the byte order that the TIFF header names; nullopt outside the bytes.
class TiffReader {
 public:
  TiffReader(absl::string_view bytes, bool little_endian) : bytes_(bytes), little_endian_(little_endian) {}

  std::optional<uint32_t> Read(size_t offset, size_t size) const {
    if (offset > bytes_.size() || bytes_.size() - offset < size) return std::nullopt;
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      const size_t at = little_endian_ ? offset + size - 1 - i : offset + i;
      value = value << 8 | static_cast<uint8_t>(bytes_[at]);
    }
    return value;
  }

 private:
  absl::string_view bytes_;
  bool little_endian_;
};

Orientation FromTag(uint32_t tag) {
  switch (tag) {
    case 2:
      return {true, 0};
    case 3:
      return {false, 180};
    case 4:
      return {true, 180};
    case 5:
      return {true, 270};
    case 6:
      return {false, 90};
    case 7:
      return {true, 90};
    case 8:
      return {false, 270};
    default:
      return {};
  }
}

Orientation FromTiff(absl::string_view tiff) {
  if (tiff.size() < 8) return {};
  const bool little_endian = tiff[0] == 'I';
  const TiffReader reader(tiff, little_endian);
  const std::optional<uint32_t> directory = reader.Read(4, 4);
  if (!directory.has_value()) return {};
  const std::optional<uint32_t> entries = reader.Read(*directory, 2);
  for (uint32_t i = 0; entries.has_value() && i < *entries; ++i) {
    const size_t entry = size_t{*directory} + 2 + size_t{i} * 12;
    const std::optional<uint32_t> tag = reader.Read(entry, 2);
    if (!tag.has_value()) return {};
    if (*tag != kOrientationTag) continue;
    if (reader.Read(entry + 2, 2) != kShortType) return {};
    return FromTag(reader.Read(entry + 8, 2).value_or(0));
  }
  return {};
}

}  // namespace

Orientation OrientationOfJpeg(absl::string_view bytes) {
  const TiffReader reader(bytes, /*little_endian=*/false);
  if (reader.Read(0, 2) != 0xffd8u) return {};
  size_t at = 2;
  // Segments: marker, length (which counts itself), content. The picture's data begins at SOS (0xffda).
  for (;;) {
    const std::optional<uint32_t> marker = reader.Read(at, 2);
    const std::optional<uint32_t> length = reader.Read(at + 2, 2);
    if (!marker.has_value() || !length.has_value() || *length < 2 || *marker < 0xff00 || *marker == 0xffda) return {};
    const absl::string_view content = bytes.substr(at + 4, *length - 2);
    if (*marker == 0xffe1 && content.substr(0, kExifHeader.size()) == kExifHeader) {
      return FromTiff(content.substr(kExifHeader.size()));
    }
    at += 2 + *length;
  }
}

}  // namespace spool::media

#include "tests/crash/png.h"

#include <cstdint>

namespace spool::testing {
namespace {

uint32_t BigEndian(absl::string_view bytes) {
  uint32_t value = 0;
  for (const char c : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// CRC-32 as PNG has it, bit by bit: the files are tiny.
uint32_t Crc(absl::string_view bytes) {
  uint32_t crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
  }
  return ~crc;
}

}  // namespace

bool IsWholePng(absl::string_view bytes) {
  constexpr absl::string_view kSignature("\x89PNG\r\n\x1a\n", 8);
  if (bytes.substr(0, 8) != kSignature) return false;
  bytes.remove_prefix(8);
  while (bytes.size() >= 12) {
    const uint64_t length = BigEndian(bytes);
    if (bytes.size() < length + 12) return false;
    const absl::string_view typed = bytes.substr(4, length + 4);
    if (Crc(typed) != BigEndian(bytes.substr(length + 8))) return false;
    bytes.remove_prefix(length + 12);
    if (typed.substr(0, 4) == "IEND") return bytes.empty();
  }
  return false;
}

}  // namespace spool::testing

#include "server/feed/token.h"

#include "absl/strings/escaping.h"
#include "server/base/errors.h"

namespace spool::feed {
namespace {

constexpr char kVersion = 1;
constexpr size_t kSize = 1 + 8 + 8 + 2;

void AppendBigEndian(std::string& out, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

uint64_t ReadBigEndian(absl::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes.substr(0, 8)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// CRC-16/CCITT-FALSE: against cut and mistyped tokens, not against forgers, who gain nothing.
uint16_t Checksum(absl::string_view bytes) {
  uint16_t crc = 0xffff;
  for (const char c : bytes) {
    crc ^= static_cast<uint16_t>(static_cast<unsigned char>(c) << 8);
    for (int bit = 0; bit < 8; ++bit) crc = static_cast<uint16_t>(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
  }
  return crc;
}

}  // namespace

std::string EncodeToken(const Position& position) {
  std::string bytes(1, kVersion);
  AppendBigEndian(bytes, position.log_id);
  AppendBigEndian(bytes, static_cast<uint64_t>(position.sequence));
  const uint16_t crc = Checksum(bytes);
  bytes += static_cast<char>(crc >> 8);
  bytes += static_cast<char>(crc);
  return absl::WebSafeBase64Escape(bytes);
}

absl::StatusOr<Position> DecodeToken(absl::string_view token) {
  const absl::Status malformed =
      FieldError("resume_token", "is not a token that this server made", "RESUME_TOKEN_MALFORMED");
  std::string bytes;
  if (token.size() > 64 || !absl::WebSafeBase64Unescape(token, &bytes)) return malformed;
  if (bytes.size() != kSize || bytes[0] != kVersion) return malformed;
  const uint16_t crc = Checksum(absl::string_view(bytes).substr(0, kSize - 2));
  if (bytes[kSize - 2] != static_cast<char>(crc >> 8) || bytes[kSize - 1] != static_cast<char>(crc)) return malformed;
  Position position;
  position.log_id = ReadBigEndian(absl::string_view(bytes).substr(1));
  position.sequence = static_cast<int64_t>(ReadBigEndian(absl::string_view(bytes).substr(9)));
  // One spelling only: Abseil also takes white space, padding, and stray bits at the end.
  if (position.sequence < 0 || EncodeToken(position) != token) return malformed;
  return position;
}

}  // namespace spool::feed

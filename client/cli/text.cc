#include "client/cli/text.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace spool::cli {
namespace {

struct CodePoint {
  uint32_t value;
  size_t bytes;
};

// The code point at the beginning of `text`; nullopt when that is not UTF-8 (overlong forms and surrogates included).
std::optional<CodePoint> DecodeUtf8(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return CodePoint{lead, 1};
  const size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return std::nullopt;
  uint32_t value = lead & (0x7f >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return std::nullopt;
    value = value << 6 | (byte(i) & 0x3f);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[bytes] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return std::nullopt;
  return CodePoint{value, bytes};
}

// Whether a terminal or a reader could be led astray by it.
bool IsHostile(uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) ||  // C0, DEL and C1 controls
         c == 0x2028 || c == 0x2029 ||           // line and paragraph separator
         c == 0x200e || c == 0x200f || c == 0x061c || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069) ||  // direction marks, embeddings, overrides, isolates
         c == 0xfeff;                     // byte order mark
}

// Columns of one code point. Combining marks count as one: too much is harmless, too little would wrap a line.
int ColumnsOf(uint32_t c) {
  const bool wide = (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
                    (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
                    (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
  return wide ? 2 : 1;
}

// Length in bytes of the longest beginning of `text` that fits in `columns`.
size_t BytesThatFit(absl::string_view text, int columns) {
  size_t at = 0;
  while (at < text.size()) {
    const CodePoint c = DecodeUtf8(text.substr(at)).value_or(CodePoint{0, 1});
    columns -= ColumnsOf(c.value);
    if (columns < 0) break;
    at += c.bytes;
  }
  return at;
}

std::string Visible(uint32_t c) {
  if (c == '\n') return "\\n";
  if (c == '\t') return "\\t";
  if (c == '\r') return "\\r";
  if (c < 0x80) return absl::StrFormat("\\x%02x", c);
  return absl::StrFormat("\\u{%x}", c);
}

}  // namespace

std::string Escaped(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::optional<CodePoint> c = DecodeUtf8(text);
    const size_t bytes = c.has_value() ? c->bytes : 1;
    if (!c.has_value()) {
      absl::StrAppendFormat(&result, "\\x%02x", static_cast<uint8_t>(text[0]));
    } else if (IsHostile(c->value)) {
      result += Visible(c->value);
    } else {
      absl::StrAppend(&result, text.substr(0, bytes));
    }
    text.remove_prefix(bytes);
  }
  return result;
}

int Columns(absl::string_view text) {
  int columns = 0;
  while (!text.empty()) {
    const CodePoint c = DecodeUtf8(text).value_or(CodePoint{0, 1});
    columns += ColumnsOf(c.value);
    text.remove_prefix(c.bytes);
  }
  return columns;
}

std::string Shortened(absl::string_view text, int columns) {
  if (BytesThatFit(text, columns) == text.size()) return std::string(text);
  if (columns < 1) return "";
  return absl::StrCat(text.substr(0, BytesThatFit(text, columns - 1)), "…");
}

std::string FormatBytes(int64_t bytes) {
  if (bytes < 1000) return absl::StrCat(bytes, " B");
  double value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {"kB", "MB", "GB", "TB", "PB", "EB"}) {
    // What would be shown as 1000.0 belongs to the next unit.
    if (value < 999.95) break;
    value /= 1000;
    unit = next;
  }
  return absl::StrFormat("%.1f %s", value, unit);
}

std::string FormatSeconds(absl::Duration duration) {
  return absl::StrFormat("%.2fs", std::max(0.0, absl::ToDoubleSeconds(duration)));
}

std::string FormatCountdown(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1))));
  if (seconds < 3600) return absl::StrFormat("%d:%02d", seconds / 60, seconds % 60);
  return absl::StrFormat("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string FormatMoment(absl::Time time, absl::TimeZone zone) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3S%Ez", time, zone);
}

}  // namespace spool::cli

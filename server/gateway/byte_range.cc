#include "server/gateway/byte_range.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace spool::gateway {
namespace {

// nullopt: not a number of at most 18 digits.
std::optional<int64_t> Digits(absl::string_view text) {
  int64_t number = 0;
  if (text.empty() || text.size() > 18) return std::nullopt;
  for (const char c : text) {
    if (!absl::ascii_isdigit(c)) return std::nullopt;
  }
  return absl::SimpleAtoi(text, &number) ? std::optional<int64_t>(number) : std::nullopt;
}

}  // namespace

RangeAnswer ParseRange(absl::string_view header, int64_t size) {
  const RangeAnswer whole{RangeKind::kWhole, {0, size}};
  const RangeAnswer unsatisfiable{RangeKind::kUnsatisfiable, {0, 0}};
  if (!absl::ConsumePrefix(&header, "bytes=")) return whole;
  header = absl::StripAsciiWhitespace(header);
  const size_t dash = header.find('-');
  if (dash == absl::string_view::npos) return whole;
  const absl::string_view first = header.substr(0, dash);
  const absl::string_view last = header.substr(dash + 1);
  if (first.empty()) {
    const std::optional<int64_t> suffix = Digits(last);
    if (!suffix.has_value()) return whole;
    if (*suffix == 0 || size == 0) return unsatisfiable;
    return {RangeKind::kPart, {std::max<int64_t>(0, size - *suffix), size}};
  }
  const std::optional<int64_t> begin = Digits(first);
  const std::optional<int64_t> end = last.empty() ? size - 1 : Digits(last);
  if (!begin.has_value() || !end.has_value() || (!last.empty() && *end < *begin)) return whole;
  if (*begin >= size) return unsatisfiable;
  return {RangeKind::kPart, {*begin, std::min(size, *end + 1)}};
}

}  // namespace spool::gateway

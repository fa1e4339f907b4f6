#include "client/cli/values.h"

#include <cmath>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/cli/usage_error.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

absl::Status BadValue(absl::string_view flag, absl::string_view text, absl::string_view wanted) {
  return UsageError(absl::StrCat("--", flag, " ", text, ": ", wanted));
}

// "2.5M" is 2.5e6, if that is 1 at least. `units` are the letters that may be used, of "kmg".
std::optional<double> WithUnit(absl::string_view text, absl::string_view units) {
  double factor = 1;
  if (absl::EndsWithIgnoreCase(text, "k")) factor = 1e3;
  if (absl::EndsWithIgnoreCase(text, "m")) factor = 1e6;
  if (absl::EndsWithIgnoreCase(text, "g")) factor = 1e9;
  if (factor > 1) {
    if (!absl::StrContains(units, absl::ascii_tolower(text.back()))) return std::nullopt;
    text.remove_suffix(1);
  }
  double number;
  const bool plain = text.find_first_not_of("0123456789.") == absl::string_view::npos;
  if (!plain || !absl::SimpleAtod(text, &number) || number * factor < 1) return std::nullopt;
  return number * factor;
}

// "JOB_TYPE_" for JobType: the prefix that all values share by our API's rules.
std::string EnumPrefix(const google::protobuf::EnumDescriptor* type) {
  std::string prefix;
  for (const char c : type->name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(c);
  }
  return prefix + "_";
}

}  // namespace

absl::StatusOr<int64_t> ParseInteger(absl::string_view flag, absl::string_view text, int64_t min, int64_t max) {
  int64_t number;
  if (!absl::SimpleAtoi(text, &number) || number < min || number > max) {
    return BadValue(flag, text, absl::StrCat("must be a number from ", min, " to ", max));
  }
  return number;
}

absl::StatusOr<double> ParseNumber(absl::string_view flag, absl::string_view text, double min, double max) {
  double number;
  // Not a number is in no range.
  if (!absl::SimpleAtod(text, &number) || !(number >= min && number <= max)) {
    return BadValue(flag, text, absl::StrCat("must be a number from ", min, " to ", max));
  }
  return number;
}

absl::StatusOr<int64_t> ParseBitrate(absl::string_view flag, absl::string_view text) {
  const std::optional<double> rate = WithUnit(text, "km");
  if (!rate.has_value() || *rate > 1e12) return BadValue(flag, text, "must be bits a second, such as 800k or 2.5M");
  return std::llround(*rate);
}

absl::StatusOr<int64_t> ParseSize(absl::string_view flag, absl::string_view text) {
  const std::optional<double> size = WithUnit(text, "kmg");
  if (!size.has_value() || *size > 1e15) return BadValue(flag, text, "must be bytes, such as 500k, 8M or 1.5G");
  return std::llround(*size);
}

absl::StatusOr<double> ParseFrameRate(absl::string_view flag, absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  double over = 0, under = 1;
  const bool good =
      absl::SimpleAtod(parts.first, &over) && (!absl::StrContains(text, "/") || absl::SimpleAtod(parts.second, &under));
  const double rate = over / under;
  if (!good || !(rate >= 0.1 && rate <= 240)) {
    return BadValue(flag, text, "must be frames a second from 0.1 to 240, such as 25 or 30000/1001");
  }
  return rate;
}

absl::StatusOr<absl::Duration> ParseLength(absl::string_view flag, absl::string_view text) {
  absl::Duration length;
  const bool has_unit = !text.empty() && absl::ascii_isalpha(text.back());
  if (!absl::ParseDuration(has_unit ? std::string(text) : absl::StrCat(text, "s"), &length) ||
      length < absl::ZeroDuration() || length == absl::InfiniteDuration()) {
    return BadValue(flag, text, "must be a length of time, such as 90, 1.5s or 2m30s");
  }
  return length;
}

absl::StatusOr<absl::Time> ParseMoment(absl::string_view flag, absl::string_view text, absl::Time now) {
  if (absl::StartsWith(text, "+")) {
    SPOOL_ASSIGN_OR_RETURN(const absl::Duration ahead, ParseLength(flag, text.substr(1)));
    return now + ahead;
  }
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return BadValue(flag, text,
                    "must be a time, such as 2026-01-31T12:00:00Z, or a length of time ahead, such as +10m");
  }
  return time;
}

absl::StatusOr<std::pair<std::string, std::string>> ParseLabel(absl::string_view flag, absl::string_view text) {
  const size_t equals = text.find('=');
  if (equals == absl::string_view::npos || equals == 0) return BadValue(flag, text, "must be KEY=VALUE");
  return std::make_pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

absl::StatusOr<int> ParseEnumNumber(absl::string_view flag, absl::string_view text,
                                    const google::protobuf::EnumDescriptor* type) {
  const std::string name =
      absl::StrCat(EnumPrefix(type), absl::AsciiStrToUpper(absl::StrReplaceAll(text, {{"-", "_"}})));
  const google::protobuf::EnumValueDescriptor* value = type->FindValueByName(name);
  if (value == nullptr || value->number() == 0) {
    return BadValue(flag, text, absl::StrCat("must be one of ", absl::StrJoin(EnumNames(type), ", ")));
  }
  return value->number();
}

std::vector<std::string> EnumNames(const google::protobuf::EnumDescriptor* type) {
  std::vector<std::string> names;
  for (int i = 0; i < type->value_count(); ++i) {
    if (type->value(i)->number() != 0) names.push_back(EnumName(type, type->value(i)->number()));
  }
  return names;
}

std::string EnumName(const google::protobuf::EnumDescriptor* type, int number) {
  const google::protobuf::EnumValueDescriptor* value = type->FindValueByNumber(number);
  if (value == nullptr) return absl::StrCat(number);
  const std::string name = value->name().substr(EnumPrefix(type).size());
  return absl::AsciiStrToLower(absl::StrReplaceAll(name, {{"_", "-"}}));
}

}  // namespace spool::cli

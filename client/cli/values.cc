#include "client/cli/values.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/cli/usage_error.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

absl::Status BadValue(absl::string_view flag, absl::string_view text, absl::string_view wanted) {
  return UsageError(absl::StrCat("--", flag, " ", text, ": ", wanted));
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

absl::StatusOr<int64_t> ParseBitrate(absl::string_view flag, absl::string_view text) {
  absl::string_view digits = text;
  double factor = 1;
  if (absl::EndsWithIgnoreCase(digits, "k")) factor = 1e3;
  if (absl::EndsWithIgnoreCase(digits, "m")) factor = 1e6;
  if (factor > 1) digits.remove_suffix(1);
  double number;
  const bool plain = digits.find_first_not_of("0123456789.") == absl::string_view::npos;
  if (!plain || !absl::SimpleAtod(digits, &number) || number * factor < 1 || number * factor > 1e12) {
    return BadValue(flag, text, "must be bits a second, such as 800k or 2.5M");
  }
  return std::llround(number * factor);
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

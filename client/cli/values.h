// Flag values: text to numbers, durations, times, bit rates and enum values.

#ifndef SPOOL_CLIENT_CLI_VALUES_H_
#define SPOOL_CLIENT_CLI_VALUES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/generated_enum_reflection.h"

namespace spool::cli {

// All errors are UsageErrors that name `flag`, given without its dashes.

// A decimal number in [min, max].
absl::StatusOr<int64_t> ParseInteger(absl::string_view flag, absl::string_view text, int64_t min, int64_t max);

// Bits a second, more than 0: "2500000", "800k", "2.5M". The letters are thousands and millions.
absl::StatusOr<int64_t> ParseBitrate(absl::string_view flag, absl::string_view text);

// A number in [min, max].
absl::StatusOr<double> ParseNumber(absl::string_view flag, absl::string_view text, double min, double max);

// Bytes, more than 0: "500000", "500k", "8M", "1.5G". The letters are powers of 1000.
absl::StatusOr<int64_t> ParseSize(absl::string_view flag, absl::string_view text);

// Frames a second, 0.1 to 240: "25", "23.976", "30000/1001".
absl::StatusOr<double> ParseFrameRate(absl::string_view flag, absl::string_view text);

// Finite, 0 or more: "90" (seconds), "1.5s", "2m30s", "250ms", "1h".
absl::StatusOr<absl::Duration> ParseLength(absl::string_view flag, absl::string_view text);

// "2026-01-31T12:00:00Z" (RFC 3339), or a length of time from `now`: "+10m".
absl::StatusOr<absl::Time> ParseMoment(absl::string_view flag, absl::string_view text, absl::Time now);

// "key=value", split at the first equals sign.
absl::StatusOr<std::pair<std::string, std::string>> ParseLabel(absl::string_view flag, absl::string_view text);

// Number of the value of `type` that is written `text`: its name without the type's prefix, in any case, with dashes
// for underscores ("cancel-requested" for EVENT_TYPE_CANCEL_REQUESTED). The zero value has no name here.
absl::StatusOr<int> ParseEnumNumber(absl::string_view flag, absl::string_view text,
                                    const google::protobuf::EnumDescriptor* type);

template <typename Enum>
absl::StatusOr<Enum> ParseEnum(absl::string_view flag, absl::string_view text) {
  const absl::StatusOr<int> number = ParseEnumNumber(flag, text, google::protobuf::GetEnumDescriptor<Enum>());
  if (!number.ok()) return number.status();
  return static_cast<Enum>(*number);
}

// How ParseEnum's values are written, in order, without the zero value.
std::vector<std::string> EnumNames(const google::protobuf::EnumDescriptor* type);

// How one is written: "resize" for JOB_TYPE_RESIZE; its number for a value that this program does not know.
std::string EnumName(const google::protobuf::EnumDescriptor* type, int number);

template <typename Enum>
std::string EnumName(Enum value) {
  return EnumName(google::protobuf::GetEnumDescriptor<Enum>(), static_cast<int>(value));
}

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_VALUES_H_

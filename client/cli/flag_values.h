// Flags of a command line as typed values; nullopt, or an enum's zero value, when the flag was not given.

#ifndef SPOOL_CLIENT_CLI_FLAG_VALUES_H_
#define SPOOL_CLIENT_CLI_FLAG_VALUES_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/cli/arguments.h"
#include "client/cli/values.h"
#include "google/protobuf/duration.pb.h"
#include "spool/v1/job.pb.h"

namespace spool::cli {

// All errors are UsageErrors that name `flag`.

absl::StatusOr<std::optional<int32_t>> IntegerFlag(const Arguments& arguments, absl::string_view flag, int32_t min,
                                                   int32_t max);
absl::StatusOr<std::optional<double>> NumberFlag(const Arguments& arguments, absl::string_view flag, double min,
                                                 double max);
absl::StatusOr<std::optional<int64_t>> BitrateFlag(const Arguments& arguments, absl::string_view flag);
absl::StatusOr<std::optional<int64_t>> SizeFlag(const Arguments& arguments, absl::string_view flag);
absl::StatusOr<std::optional<double>> FrameRateFlag(const Arguments& arguments, absl::string_view flag);
absl::StatusOr<std::optional<google::protobuf::Duration>> LengthFlag(const Arguments& arguments,
                                                                     absl::string_view flag);

template <typename Enum>
absl::StatusOr<Enum> EnumFlag(const Arguments& arguments, absl::string_view flag) {
  if (!arguments.Has(flag)) return static_cast<Enum>(0);
  return ParseEnum<Enum>(flag, arguments.Get(flag));
}

// "jpg" is JPEG too.
absl::StatusOr<v1::Container> ContainerFlag(const Arguments& arguments, absl::string_view flag);

// The values that an enum flag takes, for help.
template <typename Enum>
std::string OneOf() {
  return absl::StrJoin(EnumNames(google::protobuf::GetEnumDescriptor<Enum>()), ", ");
}

// A flag that takes those values. Its help is they, between `before` and `after`.
template <typename Enum>
Flag OneOfFlag(std::string name, std::string value, absl::string_view before, absl::string_view after = ".") {
  return {std::move(name),
          std::move(value),
          absl::StrCat(before, OneOf<Enum>(), after),
          0,
          Flag::Value::kRequired,
          EnumNames(google::protobuf::GetEnumDescriptor<Enum>())};
}

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_FLAG_VALUES_H_

#include "client/cli/flag_values.h"

#include "server/base/proto_time.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

// What `parse` makes of the flag's value.
template <typename Value, typename Parse>
absl::StatusOr<std::optional<Value>> IfGiven(const Arguments& arguments, absl::string_view flag, const Parse& parse) {
  if (!arguments.Has(flag)) return std::nullopt;
  SPOOL_ASSIGN_OR_RETURN(const auto value, parse(flag, arguments.Get(flag)));
  return std::optional<Value>(value);
}

}  // namespace

absl::StatusOr<std::optional<int32_t>> IntegerFlag(const Arguments& arguments, absl::string_view flag, int32_t min,
                                                   int32_t max) {
  return IfGiven<int32_t>(arguments, flag, [&](absl::string_view name, absl::string_view text) {
    return ParseInteger(name, text, min, max);
  });
}

absl::StatusOr<std::optional<double>> NumberFlag(const Arguments& arguments, absl::string_view flag, double min,
                                                 double max) {
  return IfGiven<double>(arguments, flag, [&](absl::string_view name, absl::string_view text) {
    return ParseNumber(name, text, min, max);
  });
}

absl::StatusOr<std::optional<int64_t>> BitrateFlag(const Arguments& arguments, absl::string_view flag) {
  return IfGiven<int64_t>(arguments, flag, ParseBitrate);
}

absl::StatusOr<std::optional<int64_t>> SizeFlag(const Arguments& arguments, absl::string_view flag) {
  return IfGiven<int64_t>(arguments, flag, ParseSize);
}

absl::StatusOr<std::optional<double>> FrameRateFlag(const Arguments& arguments, absl::string_view flag) {
  return IfGiven<double>(arguments, flag, ParseFrameRate);
}

absl::StatusOr<std::optional<google::protobuf::Duration>> LengthFlag(const Arguments& arguments,
                                                                     absl::string_view flag) {
  SPOOL_ASSIGN_OR_RETURN(const auto length, IfGiven<absl::Duration>(arguments, flag, ParseLength));
  if (!length.has_value()) return std::nullopt;
  return ToProto(*length);
}

absl::StatusOr<v1::Container> ContainerFlag(const Arguments& arguments, absl::string_view flag) {
  if (arguments.Get(flag) == "jpg") return v1::CONTAINER_JPEG;
  return EnumFlag<v1::Container>(arguments, flag);
}

}  // namespace spool::cli

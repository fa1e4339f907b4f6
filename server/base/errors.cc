#include "server/base/errors.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"

namespace spool {
namespace {

template <typename Detail>
std::string TypeUrl() {
  return absl::StrCat("type.googleapis.com/", Detail::descriptor()->full_name());
}

template <typename Detail>
void Attach(absl::Status& status, const Detail& detail) {
  status.SetPayload(TypeUrl<Detail>(), absl::Cord(detail.SerializeAsString()));
}

template <typename Detail>
Detail Read(const absl::Status& status) {
  Detail detail;
  if (const auto payload = status.GetPayload(TypeUrl<Detail>()); payload.has_value()) {
    if (!detail.ParseFromString(std::string(*payload))) return Detail();
  }
  return detail;
}

}  // namespace

absl::Status Error(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                   const ErrorMetadata& metadata) {
  absl::Status status(code, ValidUtf8(message));
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain("spool");
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[key] = ValidUtf8(value);
  Attach(status, info);
  return status;
}

absl::Status FieldError(absl::string_view field, absl::string_view description, absl::string_view reason) {
  absl::Status status = Error(absl::StatusCode::kInvalidArgument, reason, absl::StrCat(field, ": ", description),
                              {{"field", std::string(field)}});
  google::rpc::BadRequest bad;
  auto* violation = bad.add_field_violations();
  violation->set_field(ValidUtf8(field));
  violation->set_description(ValidUtf8(description));
  Attach(status, bad);
  return status;
}

absl::Status WithRetryDelay(absl::Status status, absl::Duration delay) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(delay));
  info.mutable_retry_delay()->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(delay - absl::Seconds(absl::ToInt64Seconds(delay)))));
  Attach(status, info);
  return status;
}

absl::Status WithResource(absl::Status status, absl::string_view type, absl::string_view name) {
  google::rpc::ResourceInfo info;
  info.set_resource_type(std::string(type));
  info.set_resource_name(ValidUtf8(name));
  Attach(status, info);
  return status;
}

absl::Status WithErrorInfo(const absl::Status& status) {
  if (status.ok() || !ErrorInfoOf(status).reason().empty()) return status;
  absl::Status whole = status;
  google::rpc::ErrorInfo info;
  info.set_reason(absl::StatusCodeToString(status.code()));
  info.set_domain("spool");
  Attach(whole, info);
  return whole;
}

google::rpc::ErrorInfo ErrorInfoOf(const absl::Status& status) { return Read<google::rpc::ErrorInfo>(status); }
google::rpc::BadRequest BadRequestOf(const absl::Status& status) { return Read<google::rpc::BadRequest>(status); }

}  // namespace spool

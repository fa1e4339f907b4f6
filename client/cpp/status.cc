#include "client/cpp/status.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/status.pb.h"
#include "server/base/proto_time.h"

namespace spool::client {
namespace {

constexpr absl::string_view kTypePrefix = "type.googleapis.com/";

// The status's detail of type `Detail`; nullopt when there is none that parses.
template <typename Detail>
std::optional<Detail> DetailOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload =
      status.GetPayload(absl::StrCat(kTypePrefix, Detail::descriptor()->full_name()));
  if (!payload.has_value()) return std::nullopt;
  Detail detail;
  if (!detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

}  // namespace

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  // The two enums have the same numbers: both are google.rpc.Code.
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status with_details;
  if (with_details.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& detail : with_details.details()) {
      result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
    }
  }
  return result;
}

std::optional<google::rpc::ErrorInfo> ErrorInfoOf(const absl::Status& status) {
  return DetailOf<google::rpc::ErrorInfo>(status);
}

std::string ReasonOf(const absl::Status& status) {
  const std::optional<google::rpc::ErrorInfo> info = ErrorInfoOf(status);
  return info.has_value() ? info->reason() : "";
}

bool IsServerAway(const absl::Status& status) {
  // gRPC cancels what is left of a server's calls when it shuts down. Spool's own statuses have an ErrorInfo.
  return absl::IsUnavailable(status) || (absl::IsCancelled(status) && !ErrorInfoOf(status).has_value());
}

std::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  const auto info = DetailOf<google::rpc::RetryInfo>(status);
  if (!info.has_value()) return std::nullopt;
  return FromProto(info->retry_delay());
}

}  // namespace spool::client

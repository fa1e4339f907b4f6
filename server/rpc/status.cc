#include "server/rpc/status.h"

#include <string>

#include "absl/strings/cord.h"
#include "google/rpc/status.pb.h"
#include "server/base/errors.h"

namespace spool::rpc {
namespace {

constexpr size_t kMaxMessage = 2000;
constexpr size_t kMaxDetails = 4000;

}  // namespace

grpc::Status ToGrpc(const absl::Status& raw) {
  if (raw.ok()) return grpc::Status::OK;
  const absl::Status status = WithErrorInfo(raw);
  const std::string message(status.message().substr(0, kMaxMessage));
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(message);
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& payload) {
    auto* detail = details.add_details();
    detail->set_type_url(std::string(type_url));
    detail->set_value(std::string(payload));
  });
  // The codes of absl are those of gRPC, by design.
  const auto code = static_cast<grpc::StatusCode>(status.code());
  std::string bytes = details.SerializeAsString();
  if (bytes.size() > kMaxDetails) bytes.clear();
  return grpc::Status(code, message, bytes);
}

}  // namespace spool::rpc

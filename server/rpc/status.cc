#include "server/rpc/status.h"

#include <string>

#include "google/rpc/status.pb.h"
#include "server/base/status_proto.h"

namespace spool::rpc {
namespace {

constexpr size_t kMaxDetails = 4000;

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status proto = StatusProto(status);
  std::string details = proto.SerializeAsString();
  if (details.size() > kMaxDetails) details.clear();
  // The codes of absl are those of gRPC, by design.
  return grpc::Status(static_cast<grpc::StatusCode>(proto.code()), proto.message(), details);
}

}  // namespace spool::rpc

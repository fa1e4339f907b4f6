// gRPC server reflection, in both its versions: v1, and the v1alpha that older clients ask for. The distribution's
// library has the second only, and lets nobody decide who may ask.

#ifndef SPOOL_SERVER_RPC_REFLECTION_H_
#define SPOOL_SERVER_RPC_REFLECTION_H_

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/impl/codegen/service_type.h"
#include "server/rpc/admission.h"

namespace spool::rpc {

// Services that answer from the descriptors that are linked in; thread-safe. `services` are the full names that
// list_services tells of. `admission` outlives the gRPC server.
std::unique_ptr<grpc::Service> MakeReflectionV1(std::vector<std::string> services, const Admission* admission);
std::unique_ptr<grpc::Service> MakeReflectionV1Alpha(std::vector<std::string> services, const Admission* admission);

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_REFLECTION_H_

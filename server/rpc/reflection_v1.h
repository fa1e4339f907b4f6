// gRPC server reflection v1, beside the v1alpha that the distribution's library has.

#ifndef SPOOL_SERVER_RPC_REFLECTION_V1_H_
#define SPOOL_SERVER_RPC_REFLECTION_V1_H_

#include <string>
#include <vector>

#include "grpc/reflection/v1/reflection.grpc.pb.h"

namespace spool::rpc {

// Answers from the descriptors that are linked in. Thread-safe.
class ReflectionV1 : public grpc::reflection::v1::ServerReflection::Service {
 public:
  // Full names of the services that list_services tells of.
  explicit ReflectionV1(std::vector<std::string> services) : services_(std::move(services)) {}

  grpc::Status ServerReflectionInfo(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<grpc::reflection::v1::ServerReflectionResponse,
                               grpc::reflection::v1::ServerReflectionRequest>* stream) override;

 private:
  const std::vector<std::string> services_;
};

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_REFLECTION_V1_H_

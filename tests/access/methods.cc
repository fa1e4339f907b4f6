#include "tests/access/methods.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "server/base/status_macros.h"
#include "tests/access/access_test_base.h"

namespace spool::testing {
namespace {

using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

absl::StatusOr<ServerReflectionResponse> Ask(const std::shared_ptr<grpc::Channel>& channel,
                                             const ServerReflectionRequest& request) {
  SPOOL_ASSIGN_OR_RETURN(
      const std::string bytes,
      CallRaw(channel, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", request.SerializeAsString()));
  ServerReflectionResponse response;
  if (!response.ParseFromString(bytes)) return absl::InternalError("reflection sent no response");
  return response;
}

}  // namespace

absl::StatusOr<std::vector<Method>> MethodsOf(const std::shared_ptr<grpc::Channel>& channel) {
  ServerReflectionRequest request;
  request.set_list_services("");
  SPOOL_ASSIGN_OR_RETURN(const ServerReflectionResponse listed, Ask(channel, request));
  std::vector<Method> methods;
  for (const auto& service : listed.list_services_response().service()) {
    if (service.name() == "grpc.health.v1.Health") {
      // The library's own; its descriptor is not linked in.
      for (const char* name : {"Check", "Watch"}) {
        methods.push_back({absl::StrCat("/grpc.health.v1.Health/", name), v1::ACCESS_SCOPE_PUBLIC});
      }
      continue;
    }
    request.set_file_containing_symbol(service.name());
    SPOOL_ASSIGN_OR_RETURN(const ServerReflectionResponse described, Ask(channel, request));
    bool found = false;
    std::map<std::string, google::protobuf::DescriptorProto> messages;
    std::vector<google::protobuf::FileDescriptorProto> files;
    for (const std::string& bytes : described.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      if (!file.ParseFromString(bytes)) return absl::InternalError("a descriptor that cannot be parsed");
      for (const auto& message : file.message_type()) {
        messages[absl::StrCat(".", file.package(), ".", message.name())] = message;
      }
      files.push_back(std::move(file));
    }
    for (const auto& file : files) {
      for (const auto& candidate : file.service()) {
        if (absl::StrCat(file.package(), ".", candidate.name()) != service.name()) continue;
        found = true;
        for (const auto& described_method : candidate.method()) {
          Method method;
          method.path = absl::StrCat("/", service.name(), "/", described_method.name());
          method.scope = described_method.options().GetExtension(v1::required_scope);
          // What reflection needs, server/auth/scope.h says.
          if (file.package().rfind("grpc.reflection.", 0) == 0) method.scope = v1::ACCESS_SCOPE_READ;
          for (const auto& field : messages[described_method.input_type()].field()) {
            if (field.name() == "job_id") method.of_a_job = true;
          }
          methods.push_back(std::move(method));
        }
      }
    }
    if (!found) return absl::NotFoundError(absl::StrCat("the server does not tell the methods of ", service.name()));
  }
  return methods;
}

}  // namespace spool::testing

#include "server/auth/scope.h"

#include <stdio.h>
#include <stdlib.h>

#include <string>

#include "spool/v1/access.pb.h"
#include "spool/v1/job_service.pb.h"
#include "spool/v1/media_service.pb.h"
#include "spool/v1/queue_service.pb.h"

namespace spool::auth {

absl::string_view NameOf(Scope scope) {
  switch (scope) {
    case Scope::kPublic:
      return "public";
    case Scope::kRead:
      return "read";
    case Scope::kWrite:
      return "write";
    case Scope::kAdmin:
      return "admin";
  }
  return "";
}

std::optional<Scope> ScopeOfName(absl::string_view name) {
  for (const Scope scope : {Scope::kRead, Scope::kWrite, Scope::kAdmin}) {
    if (name == NameOf(scope)) return scope;
  }
  return std::nullopt;
}

Scope RequiredScope(const google::protobuf::MethodDescriptor& method) {
  const std::string& service = method.service()->full_name();
  if (service == "grpc.health.v1.Health") return Scope::kPublic;
  if (service == "grpc.reflection.v1.ServerReflection" || service == "grpc.reflection.v1alpha.ServerReflection") {
    return Scope::kRead;
  }
  switch (method.options().GetExtension(v1::required_scope)) {
    case v1::ACCESS_SCOPE_PUBLIC:
      return Scope::kPublic;
    case v1::ACCESS_SCOPE_READ:
      return Scope::kRead;
    case v1::ACCESS_SCOPE_WRITE:
      return Scope::kWrite;
    default:
      return Scope::kAdmin;
  }
}

const google::protobuf::MethodDescriptor& MethodNamed(absl::string_view full_name) {
  // A file of descriptors is in the pool once one of its messages is linked in.
  for (const google::protobuf::FileDescriptor* file :
       {v1::EnqueueRequest::descriptor()->file(), v1::PauseQueueRequest::descriptor()->file(),
        v1::ProbeMediaRequest::descriptor()->file()}) {
    const auto* method = file->pool()->FindMethodByName(std::string(full_name));
    if (method != nullptr) return *method;
  }
  fprintf(stderr, "no such method: %s\n", std::string(full_name).c_str());
  abort();
}

}  // namespace spool::auth

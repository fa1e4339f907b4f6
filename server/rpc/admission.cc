#include "server/rpc/admission.h"

#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/security/auth_context.h"
#include "server/base/errors.h"

namespace spool::rpc {

absl::StatusOr<auth::Caller> Admission::Admit(const grpc::ServerContextBase& context) const {
  const absl::StatusOr<auth::Caller> caller = Identify(context);
  if (caller.ok()) return caller->From(PeerOf(context));
  refusals_.Add(PeerOf(context), caller.status());
  return caller;
}

std::string Admission::PeerOf(const grpc::ServerContextBase& context) const {
  std::string peer = context.peer();
  if (clients_ == Clients::kAny) return peer;
  const std::shared_ptr<const grpc::AuthContext> tls = context.auth_context();
  for (const grpc::string_ref& name : tls->FindPropertyValues("x509_common_name")) {
    absl::StrAppend(&peer, " CN=", absl::string_view(name.data(), name.size()));
  }
  return peer;
}

absl::StatusOr<auth::Caller> Admission::Identify(const grpc::ServerContextBase& context) const {
  const auto& metadata = context.client_metadata();
  // The names come in lower case, as HTTP/2 has them. Browsers send at least one of these, and no page can keep them
  // from it.
  const auto fetch = metadata.lower_bound("sec-fetch-");
  if (metadata.count("origin") > 0 ||
      (fetch != metadata.end() && absl::StartsWith({fetch->first.data(), fetch->first.size()}, "sec-fetch-"))) {
    return Error(absl::StatusCode::kPermissionDenied, "BROWSER_REFUSED",
                 "this port is not for web pages: use the HTTP port");
  }
  const auto [begin, end] = metadata.equal_range("authorization");
  absl::string_view authorization;
  if (begin != end) authorization = {begin->second.data(), begin->second.size()};
  if (begin != end && std::next(begin) != end) {
    return Error(absl::StatusCode::kUnauthenticated, "TOKEN_UNKNOWN", "authorization is there more than once");
  }
  return gatekeeper_->Identify(authorization);
}

}  // namespace spool::rpc

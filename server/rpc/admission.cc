#include "server/rpc/admission.h"

#include <string>

#include "absl/strings/match.h"
#include "server/base/errors.h"
#include "server/base/status_macros.h"

namespace spool::rpc {

absl::StatusOr<auth::Caller> Admission::Admit(const grpc::ServerContextBase& context) const {
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
  SPOOL_ASSIGN_OR_RETURN(const auth::Caller caller, gatekeeper_->Identify(authorization));
  return caller.From(context.peer());
}

}  // namespace spool::rpc

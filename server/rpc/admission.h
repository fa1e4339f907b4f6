// Who makes a gRPC call: the one place where metadata becomes a Caller.

#ifndef SPOOL_SERVER_RPC_ADMISSION_H_
#define SPOOL_SERVER_RPC_ADMISSION_H_

#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "server/auth/caller.h"
#include "server/auth/gatekeeper.h"
#include "server/auth/refusals.h"
#include "server/base/clock.h"

namespace spool::rpc {

// Thread-safe. Every handler begins with Admit; it cannot be forgotten, because the calls of service/ want a Caller.
// (gRPC 1.51 offers two other places. An interceptor sees every call, but can end one only as CANCELLED and without
// details. An AuthMetadataProcessor needs TLS, and its refusals have no details either.)
class Admission {
 public:
  // Whether clients show certificates.
  enum class Clients { kAny, kCertified };
  // `gatekeeper` outlives this.
  Admission(const auth::Gatekeeper* gatekeeper, Clients clients) : gatekeeper_(gatekeeper), clients_(clients) {}

  // The caller that the call's authorization metadata stands for. UNAUTHENTICATED as Gatekeeper::Identify;
  // PERMISSION_DENIED (BROWSER_REFUSED): a web page has sent it. gRPC takes requests of any content type, so a page
  // could make calls here without asking; the HTTP port is for these, and knows which pages may.
  absl::StatusOr<auth::Caller> Admit(const grpc::ServerContextBase& context) const;

 private:
  absl::StatusOr<auth::Caller> Identify(const grpc::ServerContextBase& context) const;
  // The address, and the name in the certificate if clients have them.
  std::string PeerOf(const grpc::ServerContextBase& context) const;

  const auth::Gatekeeper* const gatekeeper_;
  const Clients clients_;
  mutable auth::Refusals refusals_{Clock::Real()};
};

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_ADMISSION_H_

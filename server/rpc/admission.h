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
// (gRPC 1.51 offers two other places, tried with it. An interceptor sees every call, but before the handler it can only
// cancel: the client is told CANCELLED, without details. A status of its own can take the place of the handler's, which
// has run by then. An AuthMetadataProcessor is for TLS or local credentials; with insecure ones it ends the process.
// Its refusals have a code and a message, and no details.)
class Admission {
 public:
  // Whether clients show certificates.
  enum class Clients { kAny, kCertified };
  // `gatekeeper` outlives this.
  Admission(const auth::Gatekeeper* gatekeeper, Clients clients) : gatekeeper_(gatekeeper), clients_(clients) {}

  // The caller that the call's authorization metadata stands for. UNAUTHENTICATED as Gatekeeper::Identify;
  // PERMISSION_DENIED (BROWSER_REFUSED): a web page has sent it. gRPC takes requests of any content type, also one
  // that a page may send without asking. It wants "te: trailers", which no page can add, but nothing keeps browsers
  // from adding it by themselves. The HTTP port is for pages, and knows which may.
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

// TLS for the gRPC port.

#ifndef SPOOL_SERVER_RPC_TLS_CREDENTIALS_H_
#define SPOOL_SERVER_RPC_TLS_CREDENTIALS_H_

#include <memory>

#include "grpcpp/security/server_credentials.h"
#include "server/auth/tls_files.h"

namespace spool::rpc {

// TLS 1.2 and up. Each handshake takes the certificates that `files` has then; connections that are there stay as they
// are. Clients need a certificate of their own if there was a client CA at the start. `files` outlives the server.
//
// gRPC's own reloading credentials (experimental, 1.51) drop the old certificate before they look at the new one: a
// certificate that does not fit its key shuts the port until the files are mended.
std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(const auth::TlsFiles* files);

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_TLS_CREDENTIALS_H_

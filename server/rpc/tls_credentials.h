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
// What gRPC 1.51 refuses of what it is handed leaves the old certificate in use. Its own reloading credentials
// (experimental) drop that before they look at the new one: with a certificate that does not fit its key, or is none,
// no handshake succeeds until the files are mended. Both were tried.
std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(const auth::TlsFiles* files);

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_TLS_CREDENTIALS_H_

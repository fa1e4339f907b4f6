// TLS for the HTTP port, with the certificates of the moment.

#ifndef SPOOL_SERVER_GATEWAY_TLS_CONTEXTS_H_
#define SPOOL_SERVER_GATEWAY_TLS_CONTEXTS_H_

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "server/auth/tls_files.h"

namespace spool::gateway {

// TLS 1.2 with ephemeral keys and authenticated ciphers, and TLS 1.3. Of one thread.
class TlsContexts {
 public:
  // `files` outlives it.
  explicit TlsContexts(const auth::TlsFiles* files) : files_(files) {}
  // For a new connection. Those that are open keep theirs.
  std::shared_ptr<boost::asio::ssl::context> Current();

 private:
  const auth::TlsFiles* const files_;
  std::shared_ptr<const auth::TlsMaterial> material_;
  std::shared_ptr<boost::asio::ssl::context> context_;
};

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_TLS_CONTEXTS_H_

#include "server/rpc/tls_credentials.h"

#include <string>
#include <utility>

#include "grpc/grpc.h"
#include "grpc/grpc_security.h"

namespace spool::rpc {
namespace {

class TlsCredentials : public grpc::ServerCredentials {
 public:
  explicit TlsCredentials(const auth::TlsFiles* files) : files_(files) {
    const bool ask = !files_->current()->client_ca.empty();
    // The credentials take the options over.
    credentials_ =
        grpc_ssl_server_credentials_create_with_options(grpc_ssl_server_credentials_create_options_using_config_fetcher(
            ask ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
            [](void* self, grpc_ssl_server_certificate_config** config) {
              return static_cast<TlsCredentials*>(self)->Fetch(config);
            },
            this));
  }
  ~TlsCredentials() override { grpc_server_credentials_release(credentials_); }

  // Not used: rpc/admission.h.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  // Called before each handshake, by one thread at a time.
  grpc_ssl_certificate_config_reload_status Fetch(grpc_ssl_server_certificate_config** config) {
    std::shared_ptr<const auth::TlsMaterial> now = files_->current();
    if (now == given_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair = {now->key.c_str(), now->chain.c_str()};
    // gRPC insists on roots (an assertion), also where it asks clients for nothing and so has no use for them.
    const std::string& roots = now->client_ca.empty() ? now->chain : now->client_ca;
    // A copy of all of it.
    *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
    given_ = std::move(now);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const auth::TlsFiles* const files_;
  grpc_server_credentials* credentials_;
  std::shared_ptr<const auth::TlsMaterial> given_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(const auth::TlsFiles* files) {
  return std::make_shared<TlsCredentials>(files);
}

}  // namespace spool::rpc

#include "server/gateway/tls_contexts.h"

#include <boost/asio/buffer.hpp>
#include <string>

#include "server/base/log.h"

namespace spool::gateway {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

std::shared_ptr<ssl::context> ContextOf(const auth::TlsMaterial& material, error_code& error) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                           ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | ssl::context::single_dh_use,
                       error);
  if (!error) context->use_certificate_chain(boost::asio::buffer(material.chain), error);
  if (!error) context->use_private_key(boost::asio::buffer(material.key), ssl::context::pem, error);
  if (!error && !material.client_ca.empty()) {
    context->add_certificate_authority(boost::asio::buffer(material.client_ca), error);
    if (!error) context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
  }
  SSL_CTX_set_cipher_list(context->native_handle(), kCiphers);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  return context;
}

}  // namespace

std::shared_ptr<ssl::context> TlsContexts::Current() {
  std::shared_ptr<const auth::TlsMaterial> material = files_->current();
  if (material == material_) return context_;
  error_code error;
  std::shared_ptr<ssl::context> context = ContextOf(*material, error);
  material_ = std::move(material);
  if (error) {
    LogError("the HTTP port cannot use the TLS files", {{"error", error.message()}});
    if (context_ != nullptr) return context_;
  }
  context_ = std::move(context);
  return context_;
}

}  // namespace spool::gateway

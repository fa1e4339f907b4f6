// A TCP connection, with TLS or without: one type for both, so that what runs over it is compiled once.

#ifndef SPOOL_SERVER_GATEWAY_SOCKET_H_
#define SPOOL_SERVER_GATEWAY_SOCKET_H_

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <memory>
#include <utility>

namespace spool::gateway {

namespace asio = boost::asio;
namespace beast = boost::beast;

// What Asio calls an AsyncStream.
class Socket {
 public:
  using next_layer_type = beast::tcp_stream;
  using executor_type = beast::tcp_stream::executor_type;

  // `tls`: nullptr for none; it lives as long as the socket.
  Socket(asio::ip::tcp::socket socket, std::shared_ptr<asio::ssl::context> tls) : context_(std::move(tls)) {
    if (context_ == nullptr) {
      plain_ = std::make_unique<beast::tcp_stream>(std::move(socket));
    } else {
      tls_ = std::make_unique<beast::ssl_stream<beast::tcp_stream>>(std::move(socket), *context_);
    }
  }
  Socket(Socket&&) = default;

  executor_type get_executor() { return next_layer().get_executor(); }
  next_layer_type& next_layer() { return tls_ != nullptr ? tls_->next_layer() : *plain_; }
  const next_layer_type& next_layer() const { return tls_ != nullptr ? tls_->next_layer() : *plain_; }
  bool has_tls() const { return tls_ != nullptr; }

  template <typename Handler>
  void AsyncHandshake(Handler&& handler) {
    tls_->async_handshake(asio::ssl::stream_base::server, std::forward<Handler>(handler));
  }
  // Tells the other end that nothing more comes.
  template <typename Handler>
  void AsyncShutdown(Handler&& handler) {
    if (tls_ != nullptr) {
      tls_->async_shutdown(std::forward<Handler>(handler));
      return;
    }
    beast::error_code error;
    plain_->socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
    asio::post(get_executor(), beast::bind_front_handler(std::forward<Handler>(handler), error));
  }

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (tls_ != nullptr) {
      tls_->async_read_some(buffers, std::forward<Handler>(handler));
    } else {
      plain_->async_read_some(buffers, std::forward<Handler>(handler));
    }
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (tls_ != nullptr) {
      tls_->async_write_some(buffers, std::forward<Handler>(handler));
    } else {
      plain_->async_write_some(buffers, std::forward<Handler>(handler));
    }
  }

  // Beast's WebSocket finds these by their names and arguments.
  template <typename Handler>
  friend void async_teardown(beast::role_type role, Socket& socket, Handler&& handler) {
    using beast::websocket::async_teardown;
    if (socket.tls_ != nullptr) {
      async_teardown(role, *socket.tls_, std::forward<Handler>(handler));
    } else {
      async_teardown(role, *socket.plain_, std::forward<Handler>(handler));
    }
  }
  friend void teardown(beast::role_type role, Socket& socket, beast::error_code& error) {
    using beast::websocket::teardown;
    if (socket.tls_ != nullptr) {
      teardown(role, *socket.tls_, error);
    } else {
      teardown(role, *socket.plain_, error);
    }
  }

 private:
  std::shared_ptr<asio::ssl::context> context_;
  std::unique_ptr<beast::tcp_stream> plain_;
  std::unique_ptr<beast::ssl_stream<beast::tcp_stream>> tls_;
};

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_SOCKET_H_

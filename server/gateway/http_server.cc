#include "server/gateway/http_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/base/log.h"
#include "server/gateway/connection.h"
#include "server/gateway/router.h"
#include "server/gateway/socket.h"
#include "server/gateway/tls_contexts.h"

namespace spool::gateway {
namespace {

using asio::ip::tcp;

// After an accept that failed for lack of descriptors.
constexpr std::chrono::milliseconds kAcceptPause{100};

constexpr char kFull[] =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";

// One thread and the connections that it serves.
struct Reactor {
  asio::io_context context{1};
  std::thread thread;
};

void Tune(tcp::socket& socket) {
  const int fd = socket.native_handle();
  const auto set = [fd](int level, int name, int value) { setsockopt(fd, level, name, &value, sizeof(value)); };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  // What waits in the kernel is a copy that no one shares; the feed serves a slow reader from the log instead.
  set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16 << 10);
  // A reader that does not read is welcome, one that is not there is not.
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

class BeastServer : public HttpServer {
 public:
  BeastServer(const HttpOptions& options, service::Services* services)
      : router_(services, options.admission, {options.gatekeeper, options.tls != nullptr},
                {[this, metrics = options.metrics] { return metrics(connections_); }, options.metrics_type}),
        max_connections_(options.max_connections) {
    if (options.tls != nullptr) tls_.emplace(options.tls);
    for (int i = 0; i < options.threads; ++i) reactors_.push_back(std::make_unique<Reactor>());
  }
  ~BeastServer() override { Shutdown(absl::ZeroDuration()); }

  absl::Status Listen(const std::string& address) {
    const size_t colon = address.rfind(':');
    int port = 0;
    if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 0 || port > 65535) {
      return absl::FailedPreconditionError(absl::StrCat("http_address ", address, " is not host:port"));
    }
    const std::string host = address.substr(0, colon);
    std::string bare = host;
    if (bare.size() > 2 && bare.front() == '[') bare = bare.substr(1, bare.size() - 2);
    if (bare == "localhost") bare = "127.0.0.1";
    beast::error_code error;
    const auto ip = asio::ip::make_address(bare, error);
    if (error) return absl::FailedPreconditionError(absl::StrCat("http_address ", address, " names no IP address"));
    const tcp::endpoint endpoint(ip, static_cast<uint16_t>(port));
    acceptor_.emplace(reactors_[0]->context);
    acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot listen on http_address ", address, ": ", error.message()));
    }
    address_ = absl::StrCat(host, ":", acceptor_->local_endpoint().port());
    pause_.emplace(reactors_[0]->context);
    Accept();
    for (const auto& reactor : reactors_) {
      reactor->thread = std::thread([context = &reactor->context] {
        // Until Shutdown, also while there is no connection.
        const auto work = asio::make_work_guard(*context);
        context->run();
      });
    }
    return absl::OkStatus();
  }

  std::string address() const override { return address_; }
  void Drain() override { router_.Drain(); }

  void Shutdown(absl::Duration grace) override {
    if (stopped_) return;
    stopped_ = true;
    router_.Drain();
    if (acceptor_.has_value()) {
      asio::post(reactors_[0]->context, [this] {
        beast::error_code ignored;
        acceptor_->close(ignored);
        pause_->cancel();
      });
    }
    const absl::Time end = absl::Now() + grace;
    while (*router_.exchanges() > 0 && absl::Now() < end) absl::SleepFor(absl::Milliseconds(5));
    for (const auto& reactor : reactors_) reactor->context.stop();
    for (const auto& reactor : reactors_) {
      if (reactor->thread.joinable()) reactor->thread.join();
    }
  }

 private:
  void Accept() {
    Reactor& next = *reactors_[next_++ % reactors_.size()];
    acceptor_->async_accept(next.context, [this, &next](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || !acceptor_->is_open()) return;
      if (error) {
        LogWarning("cannot take an HTTP connection", {{"why", error.message()}});
        pause_->expires_after(kAcceptPause);
        pause_->async_wait([this](beast::error_code stopped) {
          if (!stopped) Accept();
        });
        return;
      }
      Tune(socket);
      if (connections_ >= max_connections_) {
        // Fits into the socket's buffer.
        send(socket.native_handle(), kFull, sizeof(kFull) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
      } else {
        std::shared_ptr<asio::ssl::context> tls;
        if (tls_.has_value()) tls = tls_->Current();
        asio::post(next.context, [this, socket = std::move(socket), tls = std::move(tls),
                                  count = std::make_unique<Counted>(&connections_)]() mutable {
          ServeConnection(&router_, Socket(std::move(socket), std::move(tls)), std::move(count));
        });
      }
      Accept();
    });
  }

  // Outlive the reactors: what is left in those when they go refers to them.
  Router router_;
  std::atomic<int> connections_{0};
  const int max_connections_;
  // Of the thread that accepts.
  std::optional<TlsContexts> tls_;
  std::vector<std::unique_ptr<Reactor>> reactors_;
  std::optional<tcp::acceptor> acceptor_;
  std::optional<asio::steady_timer> pause_;
  size_t next_ = 0;
  std::string address_;
  bool stopped_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpOptions& options, service::Services* services) {
  auto server = std::make_unique<BeastServer>(options, services);
  if (absl::Status status = server->Listen(options.address); !status.ok()) return status;
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace spool::gateway

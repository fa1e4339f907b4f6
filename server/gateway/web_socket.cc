#include "server/gateway/web_socket.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace spool::gateway {
namespace {

namespace http = beast::http;
namespace websocket = beast::websocket;

constexpr std::chrono::seconds kHandshakeTime{10};
// For the first frame: a request, with a filter of at most some thousand ids.
constexpr size_t kMaxFrameBytes = 1 << 20;

class WebSocket : public Exchange, public std::enable_shared_from_this<WebSocket> {
 public:
  WebSocket(Router* router, Socket socket, Request request, std::unique_ptr<Counted> count)
      : router_(router),
        stream_(std::move(socket)),
        timer_(stream_.get_executor()),
        request_(std::move(request)),
        count_(std::move(count)),
        counted_(router->exchanges()) {}

  void Start(const http::request<http::empty_body>& upgrade, std::function<void(std::shared_ptr<Exchange>)> answer) {
    beast::get_lowest_layer(stream_).expires_never();
    // Beast's own idle timeout would end a reader that does not read; dead ones are found by TCP's keepalive.
    stream_.set_option(
        websocket::stream_base::timeout{kHandshakeTime, websocket::stream_base::none(), /*keep_alive_pings=*/false});
    stream_.set_option(websocket::stream_base::decorator(
        [headers = router_->AnswerHeaders(request_)](websocket::response_type& reply) {
          for (const auto& [name, value] : headers) reply.set(name, value);
        }));
    stream_.read_message_max(kMaxFrameBytes);
    stream_.text(true);
    stream_.auto_fragment(false);
    upgrade_ = upgrade;
    stream_.async_accept(upgrade_, [self = shared_from_this(), answer = std::move(answer)](beast::error_code error) {
      if (error) return;
      self->SetTimer(absl::FromChrono(kHandshakeTime), [self] { self->Cut(); });
      self->stream_.async_read(self->buffer_, [self, answer](beast::error_code error, size_t) {
        self->timer_.cancel();
        if (error) return;
        self->first_frame_ = beast::buffers_to_string(self->buffer_.data());
        self->buffer_.clear();
        self->Listen();
        answer(self);
      });
    });
  }

  const Request& request() const override { return request_; }
  std::string TakeBody() override { return std::move(first_frame_); }
  void ReadBody(absl::AnyInvocable<void(absl::StatusOr<std::string>)> then) override { then(std::string()); }
  void Post(Callback work) override { asio::post(stream_.get_executor(), std::move(work)); }

  void SetTimer(absl::Duration delay, Callback then) override {
    timer_.expires_after(absl::ToChronoNanoseconds(delay));
    timer_.async_wait([self = shared_from_this(), then = std::move(then)](beast::error_code error) mutable {
      if (!error) then();
    });
  }

  // An error before the stream began.
  void Respond(Reply reply) override { End(Bytes(std::move(reply.body))); }

  void BeginStream(Reply, Callback gone, const StreamOptions&) override { gone_ = std::move(gone); }

  void Write(Bytes bytes, Callback written) override {
    if (over_) return;
    Send(std::move(bytes), [this, written = std::move(written)]() mutable {
      if (ending_.has_value()) {
        EndNow();
      } else if (!over_) {
        written();
      }
    });
  }

  void End(Bytes last) override {
    if (over_) return;
    over_ = true;
    gone_ = nullptr;
    ending_.emplace(std::move(last));
    if (!writing_) EndNow();
  }

  void Abort() override {
    over_ = true;
    gone_ = nullptr;
    Cut();
  }

 private:
  // Answers pings and sees the client leave. There is nothing more for it to say.
  void Listen() {
    stream_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, size_t) {
      if (error) return self->Gone();
      if (!self->over_) {
        self->reason_ = websocket::close_reason(websocket::close_code::policy_error, "only the first frame is read");
        Callback gone = std::move(self->gone_);
        self->End(Bytes());
        if (gone != nullptr) gone();
      }
    });
  }

  void Send(Bytes bytes, Callback then) {
    writing_ = true;
    out_ = std::move(bytes);
    std::vector<asio::const_buffer> buffers;
    for (const absl::string_view piece : out_.pieces()) buffers.emplace_back(piece.data(), piece.size());
    stream_.async_write(buffers,
                        [self = shared_from_this(), then = std::move(then)](beast::error_code error, size_t) mutable {
                          self->writing_ = false;
                          self->out_ = Bytes();
                          if (error) return self->Gone();
                          then();
                        });
  }

  void EndNow() {
    Bytes last = std::move(*ending_);
    ending_.reset();
    if (last.empty()) return Close();
    if (!reason_.has_value()) {
      reason_ = websocket::close_reason(router_->draining() ? websocket::close_code::service_restart
                                                            : websocket::close_code::policy_error);
    }
    Send(std::move(last), [this] { Close(); });
  }

  void Close() {
    stream_.async_close(reason_.value_or(websocket::close_reason(websocket::close_code::normal)),
                        [self = shared_from_this()](beast::error_code) {});
    // The client may never answer.
    SetTimer(absl::FromChrono(kHandshakeTime), [self = shared_from_this()] { self->Cut(); });
  }

  void Gone() {
    timer_.cancel();
    over_ = true;
    Cut();
    if (Callback gone = std::move(gone_); gone != nullptr) gone();
  }

  void Cut() {
    beast::error_code ignored;
    beast::get_lowest_layer(stream_).socket().close(ignored);
  }

  Router* const router_;
  websocket::stream<Socket> stream_;
  asio::steady_timer timer_;
  const Request request_;
  http::request<http::empty_body> upgrade_;
  std::unique_ptr<Counted> count_;
  const Counted counted_;
  beast::flat_buffer buffer_;
  std::string first_frame_;
  Bytes out_;
  std::optional<Bytes> ending_;
  std::optional<websocket::close_reason> reason_;
  Callback gone_;
  bool writing_ = false;
  bool over_ = false;
};

}  // namespace

void AcceptWebSocket(Router* router, Socket socket, http::request<http::empty_body> upgrade, Request request,
                     const Route& route, std::unique_ptr<Counted> count) {
  std::make_shared<WebSocket>(router, std::move(socket), std::move(request), std::move(count))
      ->Start(upgrade, route.answer);
}

}  // namespace spool::gateway

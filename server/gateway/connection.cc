#include "server/gateway/connection.h"

#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <functional>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "server/base/errors.h"
#include "server/gateway/web_socket.h"
#include "server/service/pace.h"

namespace spool::gateway {
namespace {

namespace http = beast::http;
using asio::ip::tcp;

constexpr std::chrono::seconds kHeadTime{10};
constexpr std::chrono::seconds kIdleTime{75};
constexpr std::chrono::seconds kBodyPieceTime{30};
constexpr std::chrono::seconds kLingerTime{2};
// Of an answer that is written as one: a slow line takes a while over a page of a thousand jobs.
constexpr std::chrono::minutes kWriteTime{5};
constexpr size_t kMaxHeadBytes = 32 << 10;
constexpr size_t kReadBytes = 64 << 10;
// Requests that a client sends ahead are kept up to here.
constexpr size_t kMaxAhead = 64 << 10;

class Connection;

// One request and its answer. Whatever is called after its end is passed over, so that a late handler never speaks in
// the next one's turn.
class HttpExchange : public Exchange, public std::enable_shared_from_this<HttpExchange> {
 public:
  HttpExchange(std::shared_ptr<Connection> connection, Request request, std::atomic<int>* count);
  const Request& request() const override { return request_; }
  std::string TakeBody() override { return std::move(body_); }
  void ReadBody(absl::AnyInvocable<void(absl::StatusOr<std::string>)> then) override;
  void Post(Callback work) override;
  void SetTimer(absl::Duration delay, Callback then) override;
  void Respond(Reply reply) override;
  void BeginStream(Reply head, Callback gone, const StreamOptions& options) override;
  void Write(Bytes bytes, Callback written) override;
  void End(Bytes last) override;
  void Abort() override;

 private:
  friend class Connection;
  // Forgets what it was to call: those who wait for it may own it.
  void Close() {
    over_ = true;
    gone_ = nullptr;
    written_ = nullptr;
    timer_.reset();
  }

  const std::shared_ptr<Connection> connection_;
  const Request request_;
  const Counted counted_;
  std::string body_;
  bool over_ = false;
  Callback gone_;
  Callback written_;
  std::optional<asio::steady_timer> timer_;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Router* router, Socket socket, std::unique_ptr<Counted> count)
      : router_(router), socket_(std::move(socket)), count_(std::move(count)), idle_timer_(socket_.get_executor()) {}
  ~Connection() { LetBodyGo(); }

  void Start() {
    beast::error_code error;
    const tcp::endpoint peer = beast::get_lowest_layer(socket_).socket().remote_endpoint(error);
    if (!error) peer_ = absl::StrCat(peer.address().to_string(), ":", peer.port());
    if (!socket_.has_tls()) return NextRequest();
    Expire(kHeadTime);
    socket_.AsyncHandshake([self = shared_from_this()](beast::error_code error) {
      if (!error) self->NextRequest();
    });
  }

  auto executor() { return socket_.get_executor(); }

  // The next piece of the body that is being read.
  void ReadPiece(absl::AnyInvocable<void(absl::StatusOr<std::string>)> then) {
    if (parser_->is_done()) {
      asio::post(executor(), [then = std::move(then)]() mutable { then(std::string()); });
      return;
    }
    piece_.resize(kReadBytes);
    parser_->get().body().data = piece_.data();
    parser_->get().body().size = piece_.size();
    Expire(kBodyPieceTime);
    http::async_read_some(socket_, buffer_, *parser_,
                          [self = shared_from_this(), then = std::move(then)](beast::error_code error, size_t) mutable {
                            if (error && error != http::error::need_buffer) {
                              self->broken_ = true;
                              then(absl::CancelledError("the client is gone, or sent no body that can be read"));
                              return;
                            }
                            const size_t got = self->piece_.size() - self->parser_->get().body().size;
                            // A step may bring only the borders between pieces.
                            if (got == 0 && !self->parser_->is_done()) return self->ReadPiece(std::move(then));
                            self->piece_.resize(got);
                            then(std::move(self->piece_));
                          });
  }

  void Respond(HttpExchange* exchange, Reply reply) {
    PrepareHead(exchange, reply);
    std::string head = HeadText(reply, static_cast<int64_t>(reply.body.size()), false);
    Bytes out(std::move(head));
    if (!head_only_) out.AppendOwned(std::move(reply.body));
    Expire(kWriteTime);
    Send(std::move(out), [this] { Finished(); });
  }

  void BeginStream(HttpExchange* exchange, Reply head, const StreamOptions& options) {
    PrepareHead(exchange, head);
    chunked_ = options.size < 0 && http_1_1_;
    // Without either, the end of the connection is the end of the answer.
    if (options.size < 0 && !http_1_1_) keep_alive_ = false;
    longest_write_ = options.longest_write;
    stream_head_ = HeadText(head, options.size, chunked_);
    // To see the client leave.
    Listen();
  }

  void Write(HttpExchange* exchange, Bytes bytes) {
    if (longest_write_ == absl::InfiniteDuration()) {
      beast::get_lowest_layer(socket_).expires_never();
    } else {
      Expire(absl::ToChronoSeconds(longest_write_));
    }
    Send(Framed(std::move(bytes)), [this, exchange = exchange->shared_from_this()] {
      if (ending_.has_value()) return EndNow();
      if (exchange->written_ != nullptr) std::exchange(exchange->written_, nullptr)();
    });
  }

  void End(Bytes last) {
    ending_.emplace(std::move(last));
    if (!writing_) EndNow();
  }

  void Cut() {
    broken_ = true;
    beast::error_code ignored;
    beast::get_lowest_layer(socket_).socket().close(ignored);
  }

 private:
  friend class HttpExchange;

  void Expire(std::chrono::seconds time) { beast::get_lowest_layer(socket_).expires_after(time); }

  // Waits for bytes: of the next request, or, while an answer is streamed, to see the client leave.
  void Listen() {
    if (listening_ || buffer_.size() >= kMaxAhead) return;
    listening_ = true;
    beast::get_lowest_layer(socket_).expires_never();
    socket_.async_read_some(buffer_.prepare(4096), [self = shared_from_this()](beast::error_code error, size_t got) {
      self->listening_ = false;
      if (!error && self->closing_) return self->Linger();
      self->idle_timer_.cancel();
      if (error) return self->Gone();
      self->buffer_.commit(got);
      if (self->exchange_ == nullptr) self->ReadHead();
    });
  }

  void NextRequest() {
    exchange_ = nullptr;
    parser_.emplace();
    if (buffer_.size() > 0) return ReadHead();
    idle_timer_.expires_after(kIdleTime);
    idle_timer_.async_wait([self = shared_from_this()](beast::error_code error) {
      if (!error) self->Cut();
    });
    Listen();
  }

  void ReadHead() {
    parser_.emplace();
    parser_->header_limit(kMaxHeadBytes);
    parser_->body_limit(std::numeric_limits<uint64_t>::max());
    Expire(kHeadTime);
    http::async_read_header(socket_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, size_t) {
      if (!error) return self->TakeHead();
      self->keep_alive_ = false;
      if (error == http::error::header_limit) return self->RefuseHead(431, "the request's head is larger than 32 KiB");
      if (error.category() == http::make_error_code(http::error::end_of_stream).category() &&
          error != http::error::end_of_stream && error != http::error::partial_message) {
        return self->RefuseHead(400, "this is not HTTP/1.1");
      }
      self->Cut();
    });
  }

  // A request without a shape that a route could look at.
  void RefuseHead(int status, absl::string_view why) {
    http_1_1_ = true;
    head_only_ = false;
    Reply reply = ErrorReply(Error(absl::StatusCode::kInvalidArgument, "REQUEST_MALFORMED", why));
    reply.status = status;
    exchange_ = std::make_shared<HttpExchange>(shared_from_this(), Request(), router_->exchanges());
    broken_ = true;
    exchange_->Respond(std::move(reply));
  }

  void TakeHead() {
    const auto& message = parser_->get();
    http_1_1_ = message.version() >= 11;
    keep_alive_ = message.keep_alive();
    head_only_ = message.method() == http::verb::head;
    broken_ = false;
    ending_.reset();
    Request request;
    request.method = std::string(message.method_string().data(), message.method_string().size());
    for (const auto& field : message) {
      request.headers.emplace_back(std::string(field.name_string().data(), field.name_string().size()),
                                   std::string(field.value().data(), field.value().size()));
    }
    absl::StatusOr<Target> target = ParseTarget({message.target().data(), message.target().size()});
    if (!target.ok()) return RefuseHead(400, target.status().message());
    request.target = *std::move(target);
    request.peer = peer_;
    const Route route = router_->Find(request, http_1_1_);
    if (route.web_socket) {
      AcceptWebSocket(router_, std::move(socket_), http::request<http::empty_body>(parser_->get().base()),
                      std::move(request), route, std::move(count_));
      return;
    }
    const bool expects_continue = absl::EqualsIgnoreCase(request.Header("expect"), "100-continue");
    exchange_ = std::make_shared<HttpExchange>(shared_from_this(), std::move(request), router_->exchanges());
    const auto length = parser_->content_length();
    if (route.body == Route::Body::kNone && ((length.has_value() && *length > 0) || parser_->chunked())) {
      return Refuse(400, "this request takes no body");
    }
    if (route.body == Route::Body::kWhole && length.has_value() && *length > kMaxBodyBytes) return TooLarge();
    answer_ = route.answer;
    whole_body_ = route.body == Route::Body::kWhole;
    pace_.emplace(absl::Now());
    if (expects_continue && !parser_->is_done() && route.body != Route::Body::kNone) {
      Expire(kHeadTime);
      Send(Bytes("HTTP/1.1 100 Continue\r\n\r\n"), [this] { TakeBody(); });
      return;
    }
    TakeBody();
  }

  void TakeBody() {
    if (!whole_body_ || parser_->is_done()) return Answer();
    ReadPiece([self = shared_from_this()](absl::StatusOr<std::string> piece) {
      if (!piece.ok()) return self->Cut();
      self->exchange_->body_ += *piece;
      const auto got = static_cast<int64_t>(piece->size());
      self->held_ += got;
      // First of all: whatever is counted here is given back at the end.
      const bool there_is_room = self->router_->HoldBody(got);
      if (self->exchange_->body_.size() > kMaxBodyBytes) return self->TooLarge();
      if (!self->pace_->Keeps(got, absl::Now())) return self->TooSlow();
      if (!there_is_room) return self->Busy();
      self->TakeBody();
    });
  }

  void Answer() {
    std::exchange(answer_, nullptr)(exchange_);
    // The handler has parsed it.
    LetBodyGo();
  }
  void LetBodyGo() { router_->LetBodyGo(std::exchange(held_, 0)); }

  void Refuse(int status, absl::string_view why) {
    Reply reply = ErrorReply(Error(absl::StatusCode::kInvalidArgument, "REQUEST_MALFORMED", why));
    reply.status = status;
    exchange_->Respond(std::move(reply));
  }
  void TooLarge() {
    Reply reply = ErrorReply(Error(absl::StatusCode::kResourceExhausted, "REQUEST_TOO_LARGE",
                                   absl::StrCat("a request may have at most ", kMaxBodyBytes, " bytes")));
    reply.status = 413;
    exchange_->Respond(std::move(reply));
  }

  void TooSlow() {
    Reply reply = ErrorReply(
        Error(absl::StatusCode::kDeadlineExceeded, "REQUEST_TOO_SLOW",
              absl::StrCat("less than ", service::Pace::kLeastBytes >> 10, " KiB of the request came within ",
                           absl::FormatDuration(service::Pace::kWindow))));
    reply.status = 408;
    exchange_->Respond(std::move(reply));
  }

  void Busy() {
    exchange_->Respond(ErrorReply(
        WithRetryDelay(Error(absl::StatusCode::kUnavailable, "SERVER_BUSY", "too many large requests are being read"),
                       absl::Seconds(1))));
  }

  void PrepareHead(HttpExchange* exchange, Reply& reply) {
    // What is left of a body would be taken for the next request.
    if (!parser_.has_value() || !parser_->is_done() || broken_ || router_->draining()) keep_alive_ = false;
    for (auto& header : router_->AnswerHeaders(exchange->request())) reply.headers.push_back(std::move(header));
    reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
    const auto has = [&](absl::string_view name) {
      for (const auto& header : reply.headers) {
        if (absl::EqualsIgnoreCase(header.first, name)) return true;
      }
      return false;
    };
    if (!has("Cache-Control")) reply.headers.emplace_back("Cache-Control", "no-store");
  }

  // `size` -1: not told.
  std::string HeadText(const Reply& reply, int64_t size, bool chunked) const {
    http::response<http::empty_body> message;
    message.version(11);
    message.result(static_cast<unsigned>(reply.status));
    if (reply.status == 499) message.reason("Client Closed Request");
    if (reply.status == 426) message.reason("Upgrade Required");
    message.keep_alive(keep_alive_);
    if (!reply.content_type.empty()) message.set(http::field::content_type, reply.content_type);
    if (chunked) {
      message.set(http::field::transfer_encoding, "chunked");
    } else if (size >= 0 && reply.status != 204 && reply.status != 304) {
      message.set(http::field::content_length, absl::StrCat(size));
    }
    message.set(http::field::date, absl::FormatTime("%a, %d %b %E4Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone()));
    for (const auto& [name, value] : reply.headers) message.insert(name, value);
    std::ostringstream text;
    text << message.base();
    return std::move(text).str();
  }

  Bytes Framed(Bytes bytes) {
    Bytes framed(std::exchange(stream_head_, std::string()));
    if (head_only_ || bytes.empty()) return framed;
    if (chunked_) framed.Append(absl::StrFormat("%x\r\n", bytes.size()));
    framed.Append(std::move(bytes));
    if (chunked_) framed.Append("\r\n");
    return framed;
  }

  void EndNow() {
    Bytes out = Framed(std::move(*ending_));
    ending_.reset();
    if (chunked_ && !head_only_) out.Append("0\r\n\r\n");
    Expire(kWriteTime);
    Send(std::move(out), [this] { Finished(); });
  }

  void Send(Bytes bytes, absl::AnyInvocable<void()> then) {
    writing_ = true;
    out_ = std::move(bytes);
    std::vector<asio::const_buffer> buffers;
    for (const absl::string_view piece : out_.pieces()) buffers.emplace_back(piece.data(), piece.size());
    asio::async_write(socket_, buffers,
                      [self = shared_from_this(), then = std::move(then)](beast::error_code error, size_t) mutable {
                        self->writing_ = false;
                        self->out_ = Bytes();
                        if (error) return self->Gone();
                        then();
                      });
  }

  // The answer is written.
  void Finished() {
    if (exchange_ != nullptr) exchange_->Close();
    exchange_ = nullptr;
    if (keep_alive_) return NextRequest();
    closing_ = true;
    idle_timer_.expires_after(kLingerTime);
    idle_timer_.async_wait([self = shared_from_this()](beast::error_code error) {
      if (!error) self->Cut();
    });
    beast::get_lowest_layer(socket_).expires_never();
    socket_.AsyncShutdown([self = shared_from_this()](beast::error_code) { self->Linger(); });
  }

  // Closing a socket with unread bytes would throw away what the client has not read yet.
  void Linger() {
    if (listening_) return;  // its end comes with the client's
    piece_.resize(kReadBytes);
    beast::get_lowest_layer(socket_).async_read_some(asio::buffer(piece_),
                                                     [self = shared_from_this()](beast::error_code error, size_t got) {
                                                       self->lingered_ += got;
                                                       if (!error && self->lingered_ <= kMaxBodyBytes)
                                                         return self->Linger();
                                                       self->idle_timer_.cancel();
                                                       self->Cut();
                                                     });
  }

  void Gone() {
    Cut();
    if (exchange_ == nullptr) return;
    const std::shared_ptr<HttpExchange> exchange = std::exchange(exchange_, nullptr);
    HttpExchange::Callback gone = std::move(exchange->gone_);
    exchange->Close();
    if (gone != nullptr) gone();
  }

  Router* const router_;
  Socket socket_;
  std::unique_ptr<Counted> count_;
  asio::steady_timer idle_timer_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::buffer_body>> parser_;
  std::string peer_;
  std::string piece_;
  std::shared_ptr<HttpExchange> exchange_;
  std::function<void(std::shared_ptr<Exchange>)> answer_;
  // Of a whole body: each has its part of what all of them may take.
  std::optional<service::Pace> pace_;
  Bytes out_;  // of the write under way
  std::string stream_head_;
  std::optional<Bytes> ending_;
  absl::Duration longest_write_ = absl::InfiniteDuration();
  size_t lingered_ = 0;
  bool http_1_1_ = true;
  bool keep_alive_ = true;
  bool head_only_ = false;
  bool whole_body_ = false;
  bool chunked_ = false;
  bool listening_ = false;
  bool writing_ = false;
  bool broken_ = false;
  bool closing_ = false;
  // Of the bodies that all connections hold.
  int64_t held_ = 0;
};

HttpExchange::HttpExchange(std::shared_ptr<Connection> connection, Request request, std::atomic<int>* count)
    : connection_(std::move(connection)), request_(std::move(request)), counted_(count) {}

void HttpExchange::ReadBody(absl::AnyInvocable<void(absl::StatusOr<std::string>)> then) {
  if (!over_) connection_->ReadPiece(std::move(then));
}

void HttpExchange::Post(Callback work) { asio::post(connection_->executor(), std::move(work)); }

void HttpExchange::SetTimer(absl::Duration delay, Callback then) {
  if (over_) return;
  timer_.emplace(connection_->executor());
  timer_->expires_after(absl::ToChronoNanoseconds(delay));
  timer_->async_wait([self = shared_from_this(), then = std::move(then)](beast::error_code error) mutable {
    if (!error && !self->over_) then();
  });
}

void HttpExchange::Respond(Reply reply) {
  if (over_) return;
  Close();
  connection_->Respond(this, std::move(reply));
}

void HttpExchange::BeginStream(Reply head, Callback gone, const StreamOptions& options) {
  if (over_) return;
  gone_ = std::move(gone);
  connection_->BeginStream(this, std::move(head), options);
}

void HttpExchange::Write(Bytes bytes, Callback written) {
  if (over_) return;
  written_ = std::move(written);
  connection_->Write(this, std::move(bytes));
}

void HttpExchange::End(Bytes last) {
  if (over_) return;
  Close();
  connection_->End(std::move(last));
}

void HttpExchange::Abort() {
  if (over_) return;
  Close();
  connection_->Cut();
}

}  // namespace

void ServeConnection(Router* router, Socket socket, std::unique_ptr<Counted> count) {
  std::make_shared<Connection>(router, std::move(socket), std::move(count))->Start();
}

}  // namespace spool::gateway

#include "server/gateway/rpc_route.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/errors.h"
#include "server/base/json.h"
#include "server/base/status_macros.h"
#include "server/gateway/connect_error.h"
#include "server/gateway/envelope.h"
#include "server/gateway/rpc_protocol.h"

namespace spool::gateway {
namespace {

using google::protobuf::Message;

absl::Status Parse(const std::string& bytes, Codec codec, Message* message) {
  if (codec == Codec::kJson) return FromJson(bytes, message);
  if (message->ParseFromString(bytes)) return absl::OkStatus();
  return Error(absl::StatusCode::kInvalidArgument, "REQUEST_MALFORMED",
               absl::StrCat("the request is not the encoding of a ", message->GetDescriptor()->full_name()));
}

std::unique_ptr<StreamFormat> FormatOf(const Protocol& protocol, const Request& request, EventJson* json) {
  if (!protocol.grpc_web()) return ConnectFormat(protocol.codec, json);
  // The official browser client asks in binary or text, and says in Accept how it wants the answer.
  const bool text = protocol.kind == ProtocolKind::kGrpcWebText ||
                    absl::StrContains(request.Header("accept"), "application/grpc-web-text");
  return GrpcWebFormat(text ? GrpcWebMode::kText : GrpcWebMode::kBinary, protocol.subtype, protocol.codec, json);
}

// A unary call that waits for its answer. Request and response live until the call is over, whatever became of the
// exchange.
class UnaryCall : public std::enable_shared_from_this<UnaryCall> {
 public:
  UnaryCall(const Method& method, Protocol protocol, std::shared_ptr<Exchange> exchange,
            std::unique_ptr<Message> request, std::unique_ptr<StreamFormat> format)
      : method_(method),
        protocol_(std::move(protocol)),
        exchange_(std::move(exchange)),
        request_(std::move(request)),
        response_(method.NewResponse()),
        format_(std::move(format)) {}

  void Start(const auth::Caller& caller, absl::Duration timeout) {
    if (timeout != absl::InfiniteDuration()) {
      exchange_->SetTimer(timeout, [self = shared_from_this()] {
        self->Answer(Error(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED", "the call's time is over"));
      });
    }
    method_.unary(caller, *request_, response_.get(), [self = shared_from_this()](absl::Status status) {
      self->exchange_->Post([self, status = std::move(status)] { self->Answer(status); });
    });
  }

 private:
  void Answer(const absl::Status& status) {
    if (std::exchange(answered_, true)) return;
    if (protocol_.grpc_web()) {
      Bytes body;
      if (status.ok()) body.Append(format_->Message(*response_));
      body.Append(format_->End(status));
      Reply reply;
      reply.content_type = format_->content_type();
      reply.body = body.Flat();
      exchange_->Respond(std::move(reply));
    } else if (!status.ok()) {
      exchange_->Respond(ErrorReply(status));
    } else {
      Reply reply;
      reply.content_type = protocol_.codec == Codec::kJson ? "application/json" : "application/proto";
      reply.body = EncodeMessage(*response_, protocol_.codec).Flat();
      exchange_->Respond(std::move(reply));
    }
  }

  const Method& method_;
  const Protocol protocol_;
  const std::shared_ptr<Exchange> exchange_;
  const std::unique_ptr<Message> request_;
  const std::unique_ptr<Message> response_;
  const std::unique_ptr<StreamFormat> format_;
  bool answered_ = false;
};

// A stream that ends before it began.
void RefuseStream(Exchange* exchange, StreamFormat* format, const absl::Status& status) {
  Reply reply;
  reply.content_type = format->content_type();
  reply.body = format->End(status).Flat();
  exchange->Respond(std::move(reply));
}

absl::StatusOr<std::string> MessageOf(const Protocol& protocol, std::string body) {
  switch (protocol.kind) {
    case ProtocolKind::kConnectUnary:
      return body;
    case ProtocolKind::kGrpcWebText: {
      SPOOL_ASSIGN_OR_RETURN(const std::string decoded, DecodeBase64Stretches(body));
      return OnlyMessage(decoded);
    }
    default:
      return OnlyMessage(body);
  }
}

Reply Unsupported(absl::string_view why) {
  Reply reply;
  reply.status = 415;
  reply.content_type = "text/plain; charset=utf-8";
  reply.headers = {{"Accept-Post", kAcceptPost}};
  reply.body = absl::StrCat(why, "\n");
  return reply;
}

void AnswerGet(const Method& method, const absl::StatusOr<auth::Caller>& caller, std::shared_ptr<Exchange> exchange) {
  const Target& target = exchange->request().target;
  const std::string* const encoding = target.Find("encoding");
  const std::string* const message = target.Find("message");
  const auto refuse = [&](absl::string_view why) {
    exchange->Respond(ErrorReply(Error(absl::StatusCode::kInvalidArgument, "QUERY_INVALID", why)));
  };
  if (encoding == nullptr || message == nullptr) return refuse("GET needs the parameters encoding and message");
  if (*encoding != "json" && *encoding != "proto") return refuse("encoding: supported are json and proto");
  if (const std::string* const connect = target.Find("connect"); connect != nullptr && *connect != "v1") {
    return refuse("connect: supported is v1");
  }
  if (const std::string* const compression = target.Find("compression");
      compression != nullptr && *compression != "identity" && !compression->empty()) {
    exchange->Respond(
        ErrorReply(Error(absl::StatusCode::kUnimplemented, "ENCODING_UNKNOWN", "compression: supported is identity")));
    return;
  }
  std::string bytes = *message;
  const std::string* const base64 = target.Find("base64");
  if (base64 != nullptr && *base64 == "1" && !absl::WebSafeBase64Unescape(*message, &bytes)) {
    return refuse("message: not URL-safe base64");
  }
  const Protocol protocol{ProtocolKind::kConnectUnary, *encoding == "json" ? Codec::kJson : Codec::kProto, ""};
  absl::Status status = caller.ok() ? CheckHeaders(protocol, exchange->request()) : caller.status();
  const absl::StatusOr<absl::Duration> timeout = TimeoutOf(protocol, exchange->request());
  if (status.ok()) status = timeout.status();
  std::unique_ptr<Message> request = method.NewRequest();
  if (status.ok()) status = Parse(bytes, protocol.codec, request.get());
  if (!status.ok()) {
    exchange->Respond(ErrorReply(status));
    return;
  }
  std::make_shared<UnaryCall>(method, protocol, std::move(exchange), std::move(request), nullptr)
      ->Start(*caller, *timeout);
}

}  // namespace

void AnswerRpc(const MethodTable& table, EventJson* json, const absl::StatusOr<auth::Caller>& caller,
               std::shared_ptr<Exchange> exchange) {
  const Request& http = exchange->request();
  const std::optional<Protocol> protocol = ProtocolOf(http.ContentType());
  const Method* const method = table.Find(http.target.path);
  if (method == nullptr || (!method->unary && !method->stream)) {
    const absl::Status unknown =
        method == nullptr ? Error(absl::StatusCode::kUnimplemented, "METHOD_UNKNOWN",
                                  absl::StrCat("there is no ", absl::string_view(http.target.path).substr(0, 200)))
                          : Error(absl::StatusCode::kUnimplemented, "METHOD_TAKES_STREAM",
                                  absl::StrCat(method->descriptor->name(),
                                               " takes a stream, which HTTP/1.1 cannot carry; use gRPC, "
                                               "or PUT /v1/media"));
    if (protocol.has_value() && protocol->grpc_web()) {
      return RefuseStream(exchange.get(), FormatOf(*protocol, http, json).get(), unknown);
    }
    Reply reply = ErrorReply(unknown);
    if (method == nullptr) reply.status = 404;
    exchange->Respond(std::move(reply));
    return;
  }
  const bool gettable = method->unary && method->HasNoSideEffects();
  if ((http.method == "GET" || http.method == "HEAD") && gettable)
    return AnswerGet(*method, caller, std::move(exchange));
  if (http.method != "POST") {
    Reply reply = ErrorReply(Error(absl::StatusCode::kUnimplemented, "METHOD_NOT_ALLOWED", "this call wants POST"));
    reply.status = 405;
    reply.headers.emplace_back("Allow", gettable ? "GET, POST" : "POST");
    exchange->Respond(std::move(reply));
    return;
  }
  if (!protocol.has_value()) {
    exchange->Respond(Unsupported(absl::StrCat("content-type \"", http.ContentType(), "\" is none of ", kAcceptPost)));
    return;
  }
  const bool wants_stream = protocol->kind == ProtocolKind::kConnectStream;
  if (!protocol->grpc_web() && wants_stream != static_cast<bool>(method->stream)) {
    exchange->Respond(Unsupported(wants_stream ? "this call is unary: use application/json or application/proto"
                                               : "this call answers with a stream: use application/connect+json or "
                                                 "application/connect+proto"));
    return;
  }
  std::unique_ptr<StreamFormat> format = FormatOf(*protocol, http, json);
  absl::Status status = caller.ok() ? CheckHeaders(*protocol, http) : caller.status();
  const absl::StatusOr<absl::Duration> timeout = TimeoutOf(*protocol, http);
  if (status.ok()) status = timeout.status();
  std::unique_ptr<Message> request = method->NewRequest();
  if (status.ok()) {
    const absl::StatusOr<std::string> message = MessageOf(*protocol, exchange->TakeBody());
    status = message.ok() ? Parse(*message, protocol->codec, request.get()) : message.status();
  }
  if (!status.ok()) {
    if (protocol->kind == ProtocolKind::kConnectUnary) {
      exchange->Respond(ErrorReply(status));
    } else {
      RefuseStream(exchange.get(), format.get(), status);
    }
    return;
  }
  if (method->stream) {
    method->stream(*caller, *request, std::move(exchange), std::move(format), *timeout);
    return;
  }
  std::make_shared<UnaryCall>(*method, *protocol, std::move(exchange), std::move(request), std::move(format))
      ->Start(*caller, *timeout);
}

}  // namespace spool::gateway

// How a stream's responses and its end become bytes, for each protocol.

#ifndef SPOOL_SERVER_GATEWAY_STREAM_FORMAT_H_
#define SPOOL_SERVER_GATEWAY_STREAM_FORMAT_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "server/feed/subscription.h"
#include "server/gateway/bytes.h"
#include "server/gateway/event_json.h"
#include "server/gateway/exchange.h"

namespace spool::gateway {

enum class Codec { kProto, kJson };

// Has no state and may be used by several threads.
class StreamFormat {
 public:
  virtual ~StreamFormat() = default;
  virtual std::string content_type() const = 0;
  // Beside those that every answer has.
  virtual Headers headers() const { return {}; }
  // Whether an end before anything was sent is told as an HTTP error instead of a stream.
  virtual bool Refuses(const absl::Status& status) const {
    (void)status;
    return false;
  }
  // Of WatchEvents. Empty: this protocol has nothing to say of it.
  virtual Bytes Update(const feed::Update& update) = 0;
  // Of any other call.
  virtual Bytes Message(const google::protobuf::Message& message) = 0;
  virtual Bytes End(const absl::Status& status) = 0;
};

// The response's encoding, without any framing.
Bytes EncodeUpdate(const feed::Update& update, Codec codec, EventJson* json);
Bytes EncodeMessage(const google::protobuf::Message& message, Codec codec);

// `json` outlives it.
std::unique_ptr<StreamFormat> ConnectFormat(Codec codec, EventJson* json);
// Content-type "application/grpc-web…", as the request's `subtype` ("", "+proto", "+json") has it.
enum class GrpcWebMode { kBinary, kText };
std::unique_ptr<StreamFormat> GrpcWebFormat(GrpcWebMode mode, const std::string& subtype, Codec codec, EventJson* json);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_STREAM_FORMAT_H_

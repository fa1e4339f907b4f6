#include "server/gateway/stream_format.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/base/json.h"
#include "server/gateway/connect_error.h"
#include "server/gateway/envelope.h"

namespace spool::gateway {
namespace {

class Connect : public StreamFormat {
 public:
  Connect(Codec codec, EventJson* json) : codec_(codec), json_(json) {}
  std::string content_type() const override {
    return codec_ == Codec::kJson ? "application/connect+json" : "application/connect+proto";
  }
  Bytes Update(const feed::Update& update) override {
    return Envelope(kPlainMessage, EncodeUpdate(update, codec_, json_));
  }
  Bytes Message(const google::protobuf::Message& message) override {
    return Envelope(kPlainMessage, EncodeMessage(message, codec_));
  }
  Bytes End(const absl::Status& status) override {
    return Envelope(kConnectEnd,
                    Bytes(status.ok() ? "{}" : absl::StrCat("{\"error\":", ConnectErrorJson(status), "}")));
  }

 private:
  const Codec codec_;
  EventJson* const json_;
};

class GrpcWeb : public StreamFormat {
 public:
  GrpcWeb(GrpcWebMode mode, std::string subtype, Codec codec, EventJson* json)
      : mode_(mode), subtype_(std::move(subtype)), codec_(codec), json_(json) {}
  std::string content_type() const override {
    return absl::StrCat("application/grpc-web", mode_ == GrpcWebMode::kText ? "-text" : "", subtype_);
  }
  Bytes Update(const feed::Update& update) override {
    return Frame(kPlainMessage, EncodeUpdate(update, codec_, json_));
  }
  Bytes Message(const google::protobuf::Message& message) override {
    return Frame(kPlainMessage, EncodeMessage(message, codec_));
  }
  Bytes End(const absl::Status& status) override { return Frame(kGrpcWebTrailers, Bytes(GrpcWebTrailers(status))); }

 private:
  Bytes Frame(uint8_t flags, Bytes payload) const {
    Bytes frame = Envelope(flags, std::move(payload));
    // Each piece by itself, with its padding: browsers' clients decode what has come so far.
    return mode_ == GrpcWebMode::kText ? Bytes(absl::Base64Escape(frame.Flat())) : std::move(frame);
  }
  const GrpcWebMode mode_;
  const std::string subtype_;
  const Codec codec_;
  EventJson* const json_;
};

}  // namespace

Bytes EncodeMessage(const google::protobuf::Message& message, Codec codec) {
  return Bytes(codec == Codec::kJson ? ToJson(message) : message.SerializeAsString());
}

Bytes EncodeUpdate(const feed::Update& update, Codec codec, EventJson* json) {
  Bytes bytes;
  if (codec == Codec::kProto) {
    for (const feed::Run& run : update.events) {
      bytes.Share(run.chunk, absl::string_view(run.chunk->bytes()).substr(run.begin, run.end - run.begin));
    }
    bytes.Append(update.rest.SerializeAsString());
    return bytes;
  }
  const std::string rest = ToJson(update.rest);
  if (update.events.empty()) return Bytes(rest);
  absl::string_view before = "{\"events\":[";
  for (const feed::Run& run : update.events) {
    ForEachEvent(run, [&](const feed::Chunk& chunk, int index) {
      bytes.Append(before);
      std::shared_ptr<const std::string> event = json->Of(chunk, index);
      const absl::string_view view = *event;
      bytes.Share(std::move(event), view);
      before = ",";
    });
  }
  bytes.Append(rest == "{}" ? "]" : "],");
  bytes.Append(absl::string_view(rest).substr(1));
  return bytes;
}

std::unique_ptr<StreamFormat> ConnectFormat(Codec codec, EventJson* json) {
  return std::make_unique<Connect>(codec, json);
}

std::unique_ptr<StreamFormat> GrpcWebFormat(GrpcWebMode mode, const std::string& subtype, Codec codec,
                                            EventJson* json) {
  return std::make_unique<GrpcWeb>(mode, subtype, codec, json);
}

}  // namespace spool::gateway

#include "server/gateway/event_frames.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/json.h"
#include "server/gateway/connect_error.h"
#include "server/gateway/event_pump.h"

namespace spool::gateway {
namespace {

class EventFrames : public StreamFormat {
 public:
  explicit EventFrames(EventJson* json) : json_(json) {}
  std::string content_type() const override { return "application/json"; }
  Bytes Update(const feed::Update& update) override { return EncodeUpdate(update, Codec::kJson, json_); }
  Bytes Message(const google::protobuf::Message& message) override { return Bytes(ToJson(message)); }
  Bytes End(const absl::Status& status) override {
    return status.ok() ? Bytes() : Bytes(absl::StrCat("{\"error\":", ConnectErrorJson(status), "}"));
  }

 private:
  EventJson* const json_;
};

}  // namespace

void AnswerWebSocket(service::JobCalls* calls, EventJson* json, const auth::Caller& caller,
                     std::shared_ptr<Exchange> exchange) {
  auto format = std::make_unique<EventFrames>(json);
  v1::WatchEventsRequest request;
  const std::string first = exchange->TakeBody();
  if (const absl::Status status = first.empty() ? absl::OkStatus() : FromJson(first, &request); !status.ok()) {
    exchange->End(format->End(status));
    return;
  }
  StartEventPump(calls, caller, request, std::move(exchange), std::move(format), absl::InfiniteDuration());
}

}  // namespace spool::gateway

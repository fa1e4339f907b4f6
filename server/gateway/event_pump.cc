#include "server/gateway/event_pump.h"

#include <utility>

#include "server/base/errors.h"

namespace spool::gateway {
namespace {

class EventPump : public feed::Sink, public std::enable_shared_from_this<EventPump> {
 public:
  EventPump(std::shared_ptr<Exchange> exchange, std::unique_ptr<StreamFormat> format)
      : exchange_(std::move(exchange)), format_(std::move(format)) {}

  void Start(service::JobCalls* calls, const auth::Caller& caller, const v1::WatchEventsRequest& request,
             absl::Duration timeout) {
    // The feed's threads only post to this one: none of what they say is looked at before this function is over.
    absl::StatusOr<std::shared_ptr<feed::Subscription>> subscription =
        calls->WatchEvents(caller, request, shared_from_this());
    if (!subscription.ok()) {
      Over(subscription.status());
      return;
    }
    subscription_ = *std::move(subscription);
    if (timeout == absl::InfiniteDuration()) return;
    exchange_->SetTimer(timeout, [self = shared_from_this()] {
      self->Over(Error(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED", "the call's time is over"));
    });
  }

  // On the feed's threads, so that encoding is spread over them.
  void Send(feed::Update update) override {
    exchange_->Post(
        [self = shared_from_this(), bytes = format_->Update(update)]() mutable { self->Write(std::move(bytes)); });
  }
  void Finish(absl::Status status) override {
    exchange_->Post([self = shared_from_this(), status = std::move(status)] { self->Over(status); });
  }

 private:
  void Write(Bytes bytes) {
    if (over_) return;
    if (bytes.empty()) {
      subscription_->OnSent();
      return;
    }
    Begin();
    exchange_->Write(std::move(bytes), [self = shared_from_this()] {
      if (!self->over_) self->subscription_->OnSent();
    });
  }

  void Over(const absl::Status& status) {
    if (over_) return;
    over_ = true;
    if (subscription_ != nullptr) std::exchange(subscription_, nullptr)->Cancel();
    if (!begun_ && format_->Refuses(status)) {
      exchange_->Respond(ErrorReply(status));
      return;
    }
    Begin();
    exchange_->End(format_->End(status));
  }

  void Begin() {
    if (begun_) return;
    begun_ = true;
    Reply head;
    head.content_type = format_->content_type();
    head.headers = format_->headers();
    exchange_->BeginStream(std::move(head), [self = shared_from_this()] {
      self->over_ = true;
      if (self->subscription_ != nullptr) std::exchange(self->subscription_, nullptr)->Cancel();
    });
  }

  const std::shared_ptr<Exchange> exchange_;
  // Formats have no state: one of the feed's threads may use it while this one ends the stream.
  const std::unique_ptr<StreamFormat> format_;
  // Of the exchange's thread.
  std::shared_ptr<feed::Subscription> subscription_;
  bool begun_ = false;
  bool over_ = false;
};

}  // namespace

void StartEventPump(service::JobCalls* calls, const auth::Caller& caller, const v1::WatchEventsRequest& request,
                    std::shared_ptr<Exchange> exchange, std::unique_ptr<StreamFormat> format, absl::Duration timeout) {
  std::make_shared<EventPump>(std::move(exchange), std::move(format))->Start(calls, caller, request, timeout);
}

}  // namespace spool::gateway

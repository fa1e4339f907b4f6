// A stream that lasts no longer than its caller's token.

#ifndef SPOOL_SERVER_SERVICE_GUARDED_SINK_H_
#define SPOOL_SERVER_SERVICE_GUARDED_SINK_H_

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "server/auth/caller.h"
#include "server/base/mutex.h"
#include "server/feed/subscription.h"

namespace spool::service {

// Passes everything on to `inner`, but ends the stream instead of a response once Caller::Standing is not OK. A
// response, be it a heartbeat, is due at least every minute.
class GuardedSink : public feed::Sink {
 public:
  GuardedSink(auth::Caller caller, std::shared_ptr<feed::Sink> inner)
      : caller_(std::move(caller)), inner_(std::move(inner)) {}

  // The subscription that this is the sink of. It may have sent before.
  void Guard(const std::shared_ptr<feed::Subscription>& subscription) {
    MutexLock lock(&mu_);
    subscription_ = subscription;
    if (ended_) subscription->Cancel();
  }

  void Send(feed::Update update) override {
    const absl::Status standing = caller_.Standing();
    if (standing.ok()) return inner_->Send(std::move(update));
    Finish(standing);
    MutexLock lock(&mu_);
    if (const auto subscription = subscription_.lock(); subscription != nullptr) subscription->Cancel();
  }

  // The feed's own end, or that of the token: the first one counts.
  void Finish(absl::Status status) override {
    {
      MutexLock lock(&mu_);
      if (std::exchange(ended_, true)) return;
    }
    inner_->Finish(std::move(status));
  }

 private:
  const auth::Caller caller_;
  const std::shared_ptr<feed::Sink> inner_;
  Mutex mu_;
  std::weak_ptr<feed::Subscription> subscription_ ABSL_GUARDED_BY(mu_);
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace spool::service

#endif  // SPOOL_SERVER_SERVICE_GUARDED_SINK_H_

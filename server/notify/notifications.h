// A notifier for the targets of a configuration, and what carries to them.

#ifndef SPOOL_SERVER_NOTIFY_NOTIFICATIONS_H_
#define SPOOL_SERVER_NOTIFY_NOTIFICATIONS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/curl/client.h"
#include "server/feed/event_feed.h"
#include "server/notify/config.h"
#include "server/notify/notifier.h"

namespace spool::notify {

// Thread-safe.
class Notifications {
 public:
  // As Notifier::Open; `path` is the outbox's.
  static absl::StatusOr<std::unique_ptr<Notifications>> Open(Config config, feed::EventFeed* feed,
                                                             const std::string& path);

  Notifier& notifier() { return *notifier_; }
  void Stop() { notifier_->Stop(); }

 private:
  Notifications() = default;
  std::vector<Target> TargetsOf(Config config, const std::string& source);

  // Kept apart, so that a connection that one target may have is never another's that may not.
  curl::Client public_{curl::Reach::kPublicOnly};
  curl::Client anywhere_{curl::Reach::kAnywhere};
  std::unique_ptr<Notifier> notifier_;
};

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_NOTIFICATIONS_H_

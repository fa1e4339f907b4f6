#include "server/notify/notifications.h"

#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/base/sha256.h"
#include "server/base/status_macros.h"
#include "server/notify/job_order.h"
#include "server/notify/mail_budget.h"
#include "server/notify/mail_carrier.h"
#include "server/notify/webhook_carrier.h"

namespace spool::notify {

absl::StatusOr<std::unique_ptr<Notifications>> Notifications::Open(Config config, feed::EventFeed* feed,
                                                                   const std::string& path) {
  auto notifications = std::unique_ptr<Notifications>(new Notifications);
  NotifierOptions options;
  options.path = path;
  options.retain_for = config.retain_for;
  options.retain_count = config.retain_count;
  options.random = [random = std::make_shared<absl::BitGen>()] { return absl::Uniform(*random, 0.0, 1.0); };
  options.stop_carriers = [it = notifications.get()] {
    it->public_.Stop();
    it->anywhere_.Stop();
  };
  const std::string source =
      config.source.empty() ? absl::StrFormat("urn:spool:%016x", feed->Range().log_id) : config.source;
  SPOOL_ASSIGN_OR_RETURN(notifications->notifier_,
                         Notifier::Open(feed, notifications->TargetsOf(std::move(config), source), std::move(options)));
  return notifications;
}

std::vector<Target> Notifications::TargetsOf(Config config, const std::string& source) {
  std::vector<Target> targets;
  for (Webhook& webhook : config.webhooks) {
    Target target;
    target.name = webhook.config.name();
    target.type = v1::NOTIFICATION_TARGET_TYPE_WEBHOOK;
    target.destination = webhook.origin;
    target.url_digest = Sha256Of(webhook.config.url());
    target.filter = webhook.config.filter();
    target.retry_policy = webhook.config.retry_policy();
    target.make_schedule = [max_in_flight = webhook.config.max_in_flight()](std::vector<absl::Time>) {
      return std::make_unique<JobOrder>(max_in_flight);
    };
    curl::Client* const client = webhook.config.allow_private() ? &anywhere_ : &public_;
    target.carrier = std::make_unique<WebhookCarrier>(std::move(webhook), source, client, Clock::Real());
    targets.push_back(std::move(target));
  }
  for (MailAccount& account : config.mails) {
    Target target;
    target.name = account.config.name();
    target.type = v1::NOTIFICATION_TARGET_TYPE_MAIL;
    target.destination = absl::StrJoin(account.config.to(), ", ");
    target.filter = account.config.filter();
    target.retry_policy = account.config.retry_policy();
    target.make_schedule = [per_hour = account.config.max_per_hour(),
                            digest_from = account.config.digest_from()](std::vector<absl::Time> taken) {
      return std::make_unique<MailBudget>(per_hour, digest_from, std::move(taken));
    };
    // A mail server is often on one's own network, and who names it is the operator.
    target.carrier = std::make_unique<MailCarrier>(std::move(account), &anywhere_, Clock::Real());
    targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace spool::notify

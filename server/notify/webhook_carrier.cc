#include "server/notify/webhook_carrier.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/proto_time.h"
#include "server/base/version.h"
#include "server/notify/cloud_event.h"
#include "server/notify/signature.h"

namespace spool::notify {
namespace {

constexpr int kGone = 410;

Outcome OutcomeOf(curl::Answer answer) {
  Outcome outcome;
  outcome.code = answer.code;
  outcome.excerpt = Excerpt(answer.body);
  outcome.retry_after = answer.retry_after;
  if (absl::IsCancelled(answer.status)) {
    outcome.kind = Outcome::Kind::kCancelled;
    outcome.error = "the server stops";
  } else if (!answer.status.ok()) {
    outcome.error = Excerpt(answer.status.message());
  } else if (answer.code >= 200 && answer.code < 300) {
    outcome.kind = Outcome::Kind::kDelivered;
  } else {
    outcome.error = absl::StrCat("HTTP ", answer.code);
    if (answer.code == kGone) outcome.kind = Outcome::Kind::kGone;
  }
  return outcome;
}

}  // namespace

WebhookCarrier::WebhookCarrier(Webhook webhook, std::string source, curl::Client* client, const Clock* clock)
    : webhook_(std::move(webhook)), source_(std::move(source)), client_(client), clock_(clock) {}

void WebhookCarrier::Carry(std::vector<Parcel> parcels, Done done) {
  const Parcel& parcel = parcels.front();
  absl::StatusOr<std::string> body = CloudEventOf(parcel.event, parcel.event_id, source_);
  if (!body.ok()) {
    Outcome outcome;
    outcome.error = std::string(body.status().message());
    done(std::move(outcome));
    return;
  }
  Post(parcel.event_id, *std::move(body), std::move(done));
}

void WebhookCarrier::CarryTest(Done done) {
  const absl::Time now = clock_->Now();
  const std::string id = absl::StrCat("test_", test_ids_.Next(now));
  Post(id, TestCloudEvent(webhook_.config.name(), id, source_, now), std::move(done));
}

void WebhookCarrier::Post(const std::string& id, std::string body, Done done) {
  const absl::Time now = clock_->Now();
  curl::HttpPost post;
  post.url = webhook_.config.url();
  post.headers = {{"Content-Type", kCloudEventMediaType},
                  {"User-Agent", absl::StrCat("spool/", kVersion)},
                  {"webhook-id", id},
                  {"webhook-timestamp", absl::StrCat(absl::ToUnixSeconds(now))},
                  {"webhook-signature", Signature(webhook_.keys, id, now, body)}};
  post.body = std::move(body);
  post.timeout = FromProto(webhook_.config.timeout());
  post.ca_file = webhook_.config.ca_file();
  client_->Post(std::move(post), [done = std::move(done)](curl::Answer answer) { done(OutcomeOf(std::move(answer))); });
}

}  // namespace spool::notify

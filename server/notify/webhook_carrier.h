// Notifications by HTTP POST: CloudEvents, signed as Standard Webhooks has it.

#ifndef SPOOL_SERVER_NOTIFY_WEBHOOK_CARRIER_H_
#define SPOOL_SERVER_NOTIFY_WEBHOOK_CARRIER_H_

#include <string>

#include "server/base/clock.h"
#include "server/base/ulid.h"
#include "server/curl/client.h"
#include "server/notify/carrier.h"
#include "server/notify/config.h"

namespace spool::notify {

// Any 2xx is a success, 410 is Gone, all else a failure. Each attempt has a time and signatures of its own.
class WebhookCarrier : public Carrier {
 public:
  // `client` and `clock` outlive it; `client` reaches what the webhook allows. `source` is CloudEvents'.
  WebhookCarrier(Webhook webhook, std::string source, curl::Client* client, const Clock* clock);

  // One parcel at a time.
  void Carry(std::vector<Parcel> parcels, Done done) override;
  void CarryTest(Done done) override;

 private:
  void Post(const std::string& id, std::string body, Done done);

  const Webhook webhook_;
  const std::string source_;
  curl::Client* const client_;
  const Clock* const clock_;
  UlidSource test_ids_;
};

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_WEBHOOK_CARRIER_H_

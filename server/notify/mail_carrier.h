// Notifications by e-mail.

#ifndef SPOOL_SERVER_NOTIFY_MAIL_CARRIER_H_
#define SPOOL_SERVER_NOTIFY_MAIL_CARRIER_H_

#include "server/base/clock.h"
#include "server/base/ulid.h"
#include "server/curl/client.h"
#include "server/notify/carrier.h"
#include "server/notify/config.h"
#include "server/notify/mail_text.h"

namespace spool::notify {

// Each message is one mail to all receivers; it is delivered when the server takes it for all of them. The same events
// together make the same Message-ID.
class MailCarrier : public Carrier {
 public:
  // `client` and `clock` outlive it.
  MailCarrier(MailAccount account, curl::Client* client, const Clock* clock);

  void Carry(std::vector<Parcel> parcels, Done done) override;
  void CarryTest(Done done) override;

 private:
  void Send(const std::string& id, MailText text, Done done);

  const MailAccount account_;
  curl::Client* const client_;
  const Clock* const clock_;
  UlidSource test_ids_;
};

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_MAIL_CARRIER_H_

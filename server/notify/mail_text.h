// What mails say.

#ifndef SPOOL_SERVER_NOTIFY_MAIL_TEXT_H_
#define SPOOL_SERVER_NOTIFY_MAIL_TEXT_H_

#include <string>

#include "absl/types/span.h"
#include "server/notify/carrier.h"

namespace spool::notify {

struct MailText {
  std::string subject;
  std::string body;  // plain text, lines end with \n
};

// About one job that completed or failed; of several, a digest that counts them all and lists the first of them, failed
// ones first. Without stacks and log lines: mail goes to many.
MailText MailTextOf(absl::Span<const Parcel> parcels);

// A made-up one.
MailText TestMailText(absl::string_view target);

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_MAIL_TEXT_H_

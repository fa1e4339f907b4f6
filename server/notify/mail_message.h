// Mails as RFC 5322 and MIME have them.

#ifndef SPOOL_SERVER_NOTIFY_MAIL_MESSAGE_H_
#define SPOOL_SERVER_NOTIFY_MAIL_MESSAGE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace spool::notify {

// Addresses are checked ones (config.h). Subject and text are UTF-8 of any content.
struct MailMessage {
  std::string from;
  std::vector<std::string> to;
  std::string subject;
  std::string text;  // lines end with \n
  std::string id;    // printable ASCII without spaces and brackets; the same again for the same mail
  absl::Time date;
};

// The whole message, with CRLF. Nothing in the subject or the text can become a header or end one: control characters
// become spaces, and what is not ASCII is encoded. No line is longer than 998 bytes.
std::string EncodeMail(const MailMessage& message);

// `text` with its control characters as spaces, at most `max_bytes` of whole characters, and "…" if that cuts any off.
std::string OneLine(absl::string_view text, size_t max_bytes);

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_MAIL_MESSAGE_H_

#include "server/notify/mail_carrier.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/base/proto_time.h"
#include "server/base/sha256.h"
#include "server/notify/mail_message.h"

namespace spool::notify {
namespace {

curl::TlsMode TlsModeOf(v1::MailTls tls) {
  switch (tls) {
    case v1::MAIL_TLS_NONE:
      return curl::TlsMode::kNone;
    case v1::MAIL_TLS_IMPLICIT:
      return curl::TlsMode::kImplicit;
    default:
      return curl::TlsMode::kStartTls;
  }
}

Outcome OutcomeOf(const curl::Answer& answer) {
  Outcome outcome;
  outcome.code = answer.code;
  if (answer.status.ok()) {
    outcome.kind = Outcome::Kind::kDelivered;
  } else if (absl::IsCancelled(answer.status)) {
    outcome.kind = Outcome::Kind::kCancelled;
    outcome.error = "the server stops";
  } else {
    outcome.error = Excerpt(answer.status.message());
  }
  return outcome;
}

}  // namespace

MailCarrier::MailCarrier(MailAccount account, curl::Client* client, const Clock* clock)
    : account_(std::move(account)), client_(client), clock_(clock) {}

void MailCarrier::Carry(std::vector<Parcel> parcels, Done done) {
  std::string ids;
  for (const Parcel& parcel : parcels) absl::StrAppend(&ids, parcel.event_id, " ");
  const std::string id = parcels.size() == 1
                             ? parcels[0].event_id
                             : absl::StrCat("digest_", absl::BytesToHexString(Sha256Of(ids).substr(0, 16)));
  Send(absl::StrCat(id, ".", account_.config.name()), MailTextOf(parcels), std::move(done));
}

void MailCarrier::CarryTest(Done done) {
  Send(absl::StrCat("test_", test_ids_.Next(clock_->Now())), TestMailText(account_.config.name()), std::move(done));
}

void MailCarrier::Send(const std::string& id, MailText text, Done done) {
  const v1::MailConfig& config = account_.config;
  curl::Mail mail;
  mail.server = config.server();
  mail.tls = TlsModeOf(config.tls());
  mail.user = config.user();
  mail.password = account_.password;
  mail.from = config.from();
  mail.to.assign(config.to().begin(), config.to().end());
  mail.timeout = FromProto(config.timeout());
  mail.ca_file = config.ca_file();
  mail.message = EncodeMail({.from = mail.from,
                             .to = mail.to,
                             .subject = std::move(text.subject),
                             .text = std::move(text.body),
                             .id = id,
                             .date = clock_->Now()});
  client_->Send(std::move(mail), [done = std::move(done)](const curl::Answer& answer) { done(OutcomeOf(answer)); });
}

}  // namespace spool::notify

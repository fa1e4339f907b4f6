#include "tests/fuzz/notify_config_input.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "server/base/proto_time.h"
#include "server/notify/config.h"

namespace spool::testing {
namespace {

void Check(bool holds, int line = __builtin_LINE()) {
  if (holds) return;
  fprintf(stderr, "notify_config_input.cc:%d does not hold\n", line);
  abort();
}

// One word, which ends no line.
bool IsWord(absl::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isgraph(c)) return false;
  }
  return !text.empty();
}

// What SMTP has between angle brackets.
bool IsAddress(absl::string_view text) {
  return IsWord(text) && !absl::StrContains(text, '<') && !absl::StrContains(text, '>');
}

void CheckPolicy(const v1::RetryPolicy& policy) {
  Check(policy.has_max_retries() && policy.max_retries() >= 0 && policy.max_retries() <= 100);
  Check(FromProto(policy.initial_backoff()) > absl::ZeroDuration());
  Check(FromProto(policy.initial_backoff()) <= FromProto(policy.max_backoff()));
}

}  // namespace

absl::Status RunNotifyConfigInput(const std::string& text) {
  // Long enough not to be there by chance.
  constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const auto files = [&](const std::string& path) -> absl::StatusOr<std::string> {
    if (path == "good") return std::string(kSecret) + "\n";
    if (path == "same") return text;
    return absl::NotFoundError("no such file");
  };
  const absl::StatusOr<notify::Config> config = notify::ParseConfig(text, "fuzz", files);
  if (!config.ok()) {
    Check(absl::IsInvalidArgument(config.status()));
    Check(absl::StartsWith(config.status().message(), "fuzz:"));
    Check(!absl::StrContains(config.status().message(), kSecret));
    return config.status();
  }
  for (const notify::Webhook& webhook : config->webhooks) {
    Check(IsWord(webhook.config.name()) && IsWord(webhook.config.url()));
    Check(absl::StartsWith(webhook.origin, "https://") ||
          (webhook.config.allow_private() && absl::StartsWith(webhook.origin, "http://")));
    Check(!webhook.keys.empty() && webhook.config.secrets().empty());
    Check(webhook.config.max_in_flight() >= 1);
    Check(FromProto(webhook.config.timeout()) >= absl::Milliseconds(100));
    CheckPolicy(webhook.config.retry_policy());
  }
  for (const notify::MailAccount& account : config->mails) {
    Check(IsWord(account.config.name()) && IsWord(account.config.server()) && IsAddress(account.config.from()));
    Check(!account.config.to().empty());
    for (const std::string& to : account.config.to()) Check(IsAddress(to));
    Check(account.config.user().empty() == account.password.empty());
    Check(account.config.user().empty() || account.config.tls() != v1::MAIL_TLS_NONE);
    CheckPolicy(account.config.retry_policy());
  }
  return absl::OkStatus();
}

}  // namespace spool::testing

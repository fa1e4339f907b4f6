// The file of --notify_config.

#ifndef SPOOL_SERVER_NOTIFY_CONFIG_H_
#define SPOOL_SERVER_NOTIFY_CONFIG_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "spool/v1/notification.pb.h"

namespace spool::notify {

// Checked, with every field set that has a default, and without secrets.
struct Webhook {
  v1::WebhookConfig config;
  std::string origin;  // "https://example.org"
  std::vector<std::string> keys;
};

struct MailAccount {
  v1::MailConfig config;
  std::string password;
};

struct Config {
  std::vector<Webhook> webhooks;
  std::vector<MailAccount> mails;
  std::string source;  // may be empty
  absl::Duration retain_for;
  int64_t retain_count = 0;
};

// Reads a file that the configuration names.
using ReadFile = std::function<absl::StatusOr<std::string>(const std::string& path)>;

// InvalidArgument: "NAME:LINE: field: what is wrong", without any secret; every line that is no text format, or the
// first field that is wrong. `name` is what the text is called in it.
absl::StatusOr<Config> ParseConfig(const std::string& text, absl::string_view name, const ReadFile& read_file);

// The same of a file; the files that it names are looked for beside it unless they are absolute.
absl::StatusOr<Config> LoadConfig(const std::string& path);

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_CONFIG_H_

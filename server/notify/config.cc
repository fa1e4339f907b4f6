#include "server/notify/config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "server/base/errors.h"
#include "server/base/posix_error.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"
#include "server/base/unique_fd.h"
#include "server/curl/url.h"
#include "server/feed/filter.h"
#include "server/notify/signature.h"

namespace spool::notify {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr size_t kMaxErrors = 10;
constexpr int kMaxTargets = 100;
constexpr int kMaxSecrets = 5;
constexpr int kMaxReceivers = 50;
constexpr absl::Duration kMinTimeout = absl::Milliseconds(100);
constexpr absl::Duration kMaxTimeout = absl::Minutes(2);

using google::protobuf::Message;
using google::protobuf::TextFormat;

// What the parser complains about, one line each.
class Complaints : public google::protobuf::io::ErrorCollector {
 public:
  explicit Complaints(absl::string_view name) : name_(name) {}
  // Lines and columns count from 0; -1: of the whole file.
  void AddError(int line, int, const std::string& message) override {
    if (lines_.size() < kMaxErrors) lines_.push_back(absl::StrCat(name_, ":", line + 1, ": ", Discreet(message)));
  }
  std::string text() const { return absl::StrJoin(lines_, "\n"); }

 private:
  // Without what was found in place of what was expected: it may be a secret, and the line says where to look.
  static std::string Discreet(absl::string_view message) {
    for (const char* const quote : {", found ", ", got: ", " Value: "})
      message = message.substr(0, message.find(quote));
    if (absl::StrContains(message, "whsec_")) return "a secret stands where none can be";
    return std::string(message);
  }

  const std::string name_;
  std::vector<std::string> lines_;
};

// One message of the file: says where in it something is wrong.
class Place {
 public:
  Place(absl::string_view file, const Message& message, const TextFormat::ParseInfoTree* tree)
      : file_(file), message_(message), tree_(tree) {}

  Place Nested(const Message& message, const std::string& field, int index) const {
    const auto* const descriptor = message_.GetDescriptor()->FindFieldByName(field);
    Place nested(file_, message, tree_ == nullptr ? nullptr : tree_->GetTreeForNested(descriptor, index));
    nested.path_ = absl::StrCat(path_, field, index < 0 ? "" : absl::StrCat("[", index, "]"), ".");
    nested.line_ = LineOf(field, index);
    return nested;
  }

  // `path` begins with the name of a field of this message. The line is that field's, or where the message begins.
  absl::Status Wrong(const std::string& path, absl::string_view what, int index = -1) const {
    const std::string field = path.substr(0, path.find_first_of(".["));
    return absl::InvalidArgumentError(absl::StrCat(file_, ":", LineOf(field, index) + 1, ": ", path_, path,
                                                   index < 0 ? "" : absl::StrCat("[", index, "]"), ": ", what));
  }

 private:
  int LineOf(const std::string& field, int index) const {
    const auto* const descriptor = message_.GetDescriptor()->FindFieldByName(field);
    if (tree_ == nullptr || descriptor == nullptr) return line_;
    if (descriptor->is_repeated() && index < 0) index = 0;
    const int line = tree_->GetLocation(descriptor, index).line;
    return line < 0 ? line_ : line;
  }

  const std::string file_;
  const Message& message_;
  const TextFormat::ParseInfoTree* const tree_;
  std::string path_;
  int line_ = 0;
};

bool IsName(absl::string_view name) {
  if (name.empty() || name.size() > 64) return false;
  for (const char c : name) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && !absl::StrContains("._-", c)) return false;
  }
  return true;
}

// What goes between angle brackets in SMTP without quoting: one @, and nothing that could end a line or a bracket.
bool IsMailAddress(absl::string_view address) {
  const size_t at = address.find('@');
  if (address.size() > 254 || at == 0 || at == absl::string_view::npos || at + 1 == address.size()) return false;
  for (const char c : address) {
    if (!absl::ascii_isgraph(c) || absl::StrContains("<>()[],;:\\\"", c)) return false;
  }
  return address.find('@', at + 1) == absl::string_view::npos;
}

absl::Status CheckLength(const Place& place, const std::string& field, const google::protobuf::Duration& given,
                         absl::Duration least, absl::Duration most) {
  const absl::Duration length = FromProto(given);
  // Seconds and nanos of different signs, and what would overflow, are no lengths.
  if (given.nanos() < 0 || given.nanos() > 999999999 || length < least || length > most) {
    return place.Wrong(field,
                       absl::StrCat("must be ", absl::FormatDuration(least), " to ", absl::FormatDuration(most)));
  }
  return absl::OkStatus();
}

// Fills in what is absent.
template <typename Target>
absl::Status TakeTimes(const Place& place, Target& config, absl::Duration usual_timeout) {
  if (!config.has_timeout()) *config.mutable_timeout() = ToProto(usual_timeout);
  SPOOL_RETURN_IF_ERROR(CheckLength(place, "timeout", config.timeout(), kMinTimeout, kMaxTimeout));
  const Place nested = place.Nested(config.retry_policy(), "retry_policy", -1);
  v1::RetryPolicy& policy = *config.mutable_retry_policy();
  if (!policy.has_max_retries()) policy.set_max_retries(15);
  if (policy.max_retries() < 0 || policy.max_retries() > 100) return nested.Wrong("max_retries", "must be 0 to 100");
  if (!policy.has_initial_backoff()) *policy.mutable_initial_backoff() = ToProto(absl::Seconds(5));
  if (!policy.has_max_backoff()) *policy.mutable_max_backoff() = ToProto(absl::Hours(6));
  SPOOL_RETURN_IF_ERROR(
      CheckLength(nested, "initial_backoff", policy.initial_backoff(), absl::Milliseconds(1), absl::Hours(1)));
  return CheckLength(nested, "max_backoff", policy.max_backoff(), FromProto(policy.initial_backoff()), absl::Hours(24));
}

absl::Status TakeName(const Place& place, const std::string& name, std::set<std::string>& names) {
  if (!IsName(name)) return place.Wrong("name", "must be 1 to 64 of a-z, 0-9, '.', '_' and '-'");
  if (!names.insert(name).second) return place.Wrong("name", absl::StrCat("another target is called ", name, " too"));
  return absl::OkStatus();
}

absl::Status CheckTargetFilter(const Place& place, const v1::EventFilter& filter) {
  const absl::Status status = feed::CheckFilter(filter);
  if (status.ok()) return status;
  const auto violations = BadRequestOf(status).field_violations();
  if (violations.empty()) return place.Wrong("filter", status.message());
  return place.Wrong(violations[0].field(), violations[0].description());
}

absl::StatusOr<Webhook> TakeWebhook(const Place& place, v1::WebhookConfig config, std::set<std::string>& names,
                                    const ReadFile& read_file) {
  SPOOL_RETURN_IF_ERROR(TakeName(place, config.name(), names));
  Webhook webhook;
  const absl::StatusOr<curl::Url> url = curl::ParseUrl(config.url());
  if (!url.ok()) return place.Wrong("url", url.status().message());
  if (url->scheme != "https" && url->scheme != "http") return place.Wrong("url", "must begin with https://");
  if (url->scheme == "http" && !config.allow_private()) {
    return place.Wrong("url", "must begin with https://; http:// is for a network of one's own, with allow_private");
  }
  if (url->has_user) return place.Wrong("url", "must have no user or password");
  if (url->has_fragment) return place.Wrong("url", "must have no #fragment");
  webhook.origin = url->Origin();

  if (config.secrets_size() + config.secret_files_size() == 0) {
    return place.Wrong("secrets", "one at least is required, here or in secret_files");
  }
  if (config.secrets_size() + config.secret_files_size() > kMaxSecrets) {
    return place.Wrong("secrets", absl::StrCat("more than ", kMaxSecrets, " with those of secret_files"));
  }
  for (int i = 0; i < config.secrets_size(); ++i) {
    absl::StatusOr<std::string> key = KeyOfSecret(config.secrets(i));
    if (!key.ok()) return place.Wrong("secrets", key.status().message(), i);
    webhook.keys.push_back(*std::move(key));
  }
  for (int i = 0; i < config.secret_files_size(); ++i) {
    const absl::StatusOr<std::string> secret = read_file(config.secret_files(i));
    if (!secret.ok()) return place.Wrong("secret_files", secret.status().message(), i);
    absl::StatusOr<std::string> key = KeyOfSecret(absl::StripAsciiWhitespace(*secret));
    if (!key.ok()) return place.Wrong("secret_files", absl::StrCat("its content ", key.status().message()), i);
    webhook.keys.push_back(*std::move(key));
  }
  SPOOL_RETURN_IF_ERROR(CheckTargetFilter(place, config.filter()));
  SPOOL_RETURN_IF_ERROR(TakeTimes(place, config, absl::Seconds(15)));
  if (config.max_in_flight() == 0) config.set_max_in_flight(8);
  if (config.max_in_flight() < 1 || config.max_in_flight() > 64) return place.Wrong("max_in_flight", "must be 1 to 64");
  if (!config.ca_file().empty()) {
    if (const auto read = read_file(config.ca_file()); !read.ok())
      return place.Wrong("ca_file", read.status().message());
  }
  config.clear_secrets();
  webhook.config = std::move(config);
  return webhook;
}

absl::Status CheckServer(const Place& place, const std::string& server) {
  const absl::StatusOr<curl::Url> url = curl::ParseUrl(absl::StrCat("smtp://", server));
  const bool has_port = server.rfind(':') != std::string::npos && server.back() != ']' && server.back() != ':';
  if (!url.ok() || !has_port || url->has_user || absl::StrContains(server, '/') || absl::StrContains(server, '?') ||
      url->has_fragment) {
    return place.Wrong("server", "must be host:port");
  }
  return absl::OkStatus();
}

absl::StatusOr<MailAccount> TakeMail(const Place& place, v1::MailConfig config, std::set<std::string>& names,
                                     const ReadFile& read_file) {
  SPOOL_RETURN_IF_ERROR(TakeName(place, config.name(), names));
  SPOOL_RETURN_IF_ERROR(CheckServer(place, config.server()));
  MailAccount account;
  if (!v1::MailTls_IsValid(config.tls())) return place.Wrong("tls", "is none of the known values");
  if (config.tls() == v1::MAIL_TLS_UNSPECIFIED) config.set_tls(v1::MAIL_TLS_STARTTLS);
  if (config.user().empty() != config.password_file().empty()) {
    return place.Wrong(config.user().empty() ? "password_file" : "user", "user and password_file belong together");
  }
  if (!config.user().empty() && config.tls() == v1::MAIL_TLS_NONE) {
    return place.Wrong("tls", "a password would be sent in the clear");
  }
  for (const char c : config.user()) {
    if (absl::ascii_iscntrl(c)) return place.Wrong("user", "has a control character");
  }
  if (!config.password_file().empty()) {
    const absl::StatusOr<std::string> password = read_file(config.password_file());
    if (!password.ok()) return place.Wrong("password_file", password.status().message());
    account.password = std::string(absl::StripTrailingAsciiWhitespace(*password));
    if (account.password.empty()) return place.Wrong("password_file", "is empty");
  }
  if (!IsMailAddress(config.from())) return place.Wrong("from", "is no mail address");
  if (config.to_size() == 0) return place.Wrong("to", "one at least is required");
  if (config.to_size() > kMaxReceivers) return place.Wrong("to", absl::StrCat("more than ", kMaxReceivers));
  for (int i = 0; i < config.to_size(); ++i) {
    if (!IsMailAddress(config.to(i))) return place.Wrong("to", "is no mail address", i);
  }
  SPOOL_RETURN_IF_ERROR(CheckTargetFilter(place, config.filter()));
  for (const int type : config.filter().types()) {
    if (type != v1::EVENT_TYPE_COMPLETED && type != v1::EVENT_TYPE_FAILED) {
      return place.Wrong("filter.types", "mail is for EVENT_TYPE_COMPLETED and EVENT_TYPE_FAILED");
    }
  }
  if (config.filter().types().empty()) {
    config.mutable_filter()->add_types(v1::EVENT_TYPE_COMPLETED);
    config.mutable_filter()->add_types(v1::EVENT_TYPE_FAILED);
  }
  if (config.max_per_hour() == 0) config.set_max_per_hour(20);
  if (config.max_per_hour() < 1 || config.max_per_hour() > 1000)
    return place.Wrong("max_per_hour", "must be 1 to 1000");
  if (config.digest_from() == 0) config.set_digest_from(5);
  if (config.digest_from() < 2 || config.digest_from() > 1000) return place.Wrong("digest_from", "must be 2 to 1000");
  SPOOL_RETURN_IF_ERROR(TakeTimes(place, config, absl::Seconds(30)));
  if (!config.ca_file().empty()) {
    if (const auto read = read_file(config.ca_file()); !read.ok())
      return place.Wrong("ca_file", read.status().message());
  }
  account.config = std::move(config);
  return account;
}

// Up to kMaxFileBytes.
absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return PosixError(errno, path);
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t size = read(file.get(), buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return PosixError(errno, path);
    if (size == 0) return text;
    text.append(buffer, static_cast<size_t>(size));
    if (text.size() > kMaxFileBytes) return absl::InvalidArgumentError(absl::StrCat(path, ": is larger than 1 MiB"));
  }
}

}  // namespace

absl::StatusOr<Config> ParseConfig(const std::string& text, absl::string_view name, const ReadFile& read_file) {
  v1::NotifyConfig file;
  Complaints complaints(name);
  TextFormat::ParseInfoTree tree;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&complaints);
  parser.WriteLocationsTo(&tree);
  parser.SetRecursionLimit(20);
  if (!parser.ParseFromString(text, &file)) return absl::InvalidArgumentError(complaints.text());

  const Place place(name, file, &tree);
  if (file.webhooks_size() + file.mails_size() > kMaxTargets) {
    return place.Wrong("webhooks", absl::StrCat("more than ", kMaxTargets, " targets"));
  }
  Config config;
  config.source = file.source();
  if (config.source.size() > 256) return place.Wrong("source", "is longer than 256 bytes");
  for (const char c : config.source) {
    if (!absl::ascii_isgraph(c)) return place.Wrong("source", "must be a URI");
  }
  if (!file.has_retain_deliveries_for()) *file.mutable_retain_deliveries_for() = ToProto(absl::Hours(24 * 7));
  SPOOL_RETURN_IF_ERROR(CheckLength(place, "retain_deliveries_for", file.retain_deliveries_for(), absl::Minutes(1),
                                    absl::Hours(24 * 365)));
  config.retain_for = FromProto(file.retain_deliveries_for());
  config.retain_count = file.has_retain_deliveries() ? file.retain_deliveries() : 100000;
  if (config.retain_count < 1 || config.retain_count > 10000000) {
    return place.Wrong("retain_deliveries", "must be 1 to 10000000");
  }
  std::set<std::string> names;
  for (int i = 0; i < file.webhooks_size(); ++i) {
    SPOOL_ASSIGN_OR_RETURN(Webhook webhook, TakeWebhook(place.Nested(file.webhooks(i), "webhooks", i), file.webhooks(i),
                                                        names, read_file));
    config.webhooks.push_back(std::move(webhook));
  }
  for (int i = 0; i < file.mails_size(); ++i) {
    SPOOL_ASSIGN_OR_RETURN(MailAccount account,
                           TakeMail(place.Nested(file.mails(i), "mails", i), file.mails(i), names, read_file));
    config.mails.push_back(std::move(account));
  }
  return config;
}

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  SPOOL_ASSIGN_OR_RETURN(const std::string text, ReadWhole(path));
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  return ParseConfig(text, path, [&](const std::string& name) { return ReadWhole((folder / name).string()); });
}

}  // namespace spool::notify

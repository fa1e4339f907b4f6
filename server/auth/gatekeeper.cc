#include "server/auth/gatekeeper.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/protobuf/util/message_differencer.h"
#include "server/auth/files.h"
#include "server/auth/grant.h"
#include "server/auth/token_line.h"
#include "server/base/errors.h"
#include "server/base/log.h"
#include "server/base/mutex.h"
#include "server/base/proto_time.h"
#include "server/base/sha256.h"
#include "server/base/status_macros.h"

namespace spool::auth {
namespace {

constexpr size_t kMaxTokenBytes = 512;

class OpenGate : public Gatekeeper {
 public:
  bool open() const override { return true; }
  absl::StatusOr<Caller> Identify(absl::string_view) const override { return Caller::Everything(); }
  absl::Status Reload() override { return absl::OkStatus(); }
};

class TokenGate : public Gatekeeper {
 public:
  TokenGate(std::string path, const Clock* clock) : path_(std::move(path)), clock_(clock) {}

  void StartWatching() {
    watch_.emplace(std::vector<std::string>{path_}, [this] {
      const absl::Status status = Reload();
      if (status.ok()) {
        LogInfo("tokens read again", {{"file", path_}});
      } else {
        LogError("the tokens stay as they were", {{"error", status.message()}});
      }
    });
  }

  bool open() const override { return false; }

  absl::StatusOr<Caller> Identify(absl::string_view authorization) const override {
    constexpr absl::string_view kScheme = "bearer ";
    if (!absl::StartsWithIgnoreCase(authorization, kScheme)) {
      return Error(absl::StatusCode::kUnauthenticated, "TOKEN_MISSING",
                   authorization.empty() ? "this server wants a token: authorization: Bearer TOKEN"
                                         : "authorization is not of the form: Bearer TOKEN");
    }
    const absl::string_view token = absl::StripAsciiWhitespace(authorization.substr(kScheme.size()));
    const std::shared_ptr<const Grant> grant = token.size() <= kMaxTokenBytes ? Find(DigestOf(token)) : nullptr;
    if (grant == nullptr) {
      return Error(absl::StatusCode::kUnauthenticated, "TOKEN_UNKNOWN", "the token is not known here");
    }
    if (grant->expires_at != absl::InfiniteFuture() && clock_->Now() >= grant->expires_at) {
      return Error(absl::StatusCode::kUnauthenticated, "TOKEN_EXPIRED",
                   absl::StrCat("the token expired at ",
                                absl::FormatTime(absl::RFC3339_sec, grant->expires_at, absl::UTCTimeZone())));
    }
    return CallerOf(grant);
  }

  absl::Status Reload() override {
    MutexLock reading(&reload_mu_);
    return Read();
  }

 private:
  struct Entry {
    std::string digest;
    std::shared_ptr<const Grant> grant;
  };

  std::shared_ptr<const Grant> Find(absl::string_view digest) const {
    ReaderMutexLock lock(&mu_);
    std::shared_ptr<const Grant> found;
    // All of them, whichever it is.
    for (const Entry& entry : entries_) {
      if (EqualInConstantTime(entry.digest, digest)) found = entry.grant;
    }
    return found;
  }

  absl::Status Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(reload_mu_) {
    absl::StatusOr<std::string> text = ReadConfigFile(path_, Readers::kNobodyElse);
    absl::StatusOr<std::vector<Token>> tokens = text.ok() ? ParseTokenFile(*text) : text.status();
    if (!tokens.ok()) {
      return absl::FailedPreconditionError(absl::StrCat("token file ", path_, ": ", tokens.status().message()));
    }
    std::vector<Entry> entries;
    absl::flat_hash_map<std::string, std::shared_ptr<const Grant>> known;
    {
      ReaderMutexLock lock(&mu_);
      for (const Entry& entry : entries_) known.emplace(entry.digest, entry.grant);
    }
    for (Token& token : *tokens) {
      std::string digest = absl::HexStringToBytes(token.sha256());
      const auto before = known.find(digest);
      if (before != known.end()) {
        const std::shared_ptr<const Grant> grant = std::move(before->second);
        known.erase(before);
        if (google::protobuf::util::MessageDifferencer::Equals(grant->token, token)) {
          entries.push_back({std::move(digest), grant});
          continue;
        }
        grant->state = Grant::State::kChanged;
      }
      auto grant = std::make_shared<Grant>();
      grant->scope = *ScopeOfName(token.scope());
      if (token.has_expires_at()) grant->expires_at = FromProto(token.expires_at());
      grant->clock = clock_;
      grant->token = std::move(token);
      entries.push_back({std::move(digest), std::move(grant)});
    }
    for (const auto& [digest, grant] : known) grant->state = Grant::State::kRevoked;
    MutexLock lock(&mu_);
    entries_ = std::move(entries);
    return absl::OkStatus();
  }

  const std::string path_;
  const Clock* const clock_;
  // One reads at a time. Before mu_.
  Mutex reload_mu_;
  mutable Mutex mu_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mu_);
  // Ends before everything that it uses.
  std::optional<FileWatch> watch_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Gatekeeper>> Gatekeeper::Open(const std::string& token_file, const Clock* clock) {
  if (token_file.empty()) return std::make_unique<OpenGate>();
  auto gate = std::make_unique<TokenGate>(token_file, clock);
  // In this order, so that a change in between is seen.
  gate->StartWatching();
  SPOOL_RETURN_IF_ERROR(gate->Reload());
  return gate;
}

}  // namespace spool::auth

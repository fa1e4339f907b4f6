#include "server/auth/token_line.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/json_util.h"
#include "server/auth/scope.h"
#include "server/base/random_bytes.h"
#include "server/base/sha256.h"
#include "server/base/status_macros.h"

namespace spool::auth {
namespace {

constexpr int kMaxTokens = 1000;
constexpr int kMaxVideoIds = 1000;
constexpr int kMaxLabels = 32;
constexpr int kMaxFolders = 100;
constexpr size_t kMaxNameBytes = 64;
constexpr size_t kSecretBytes = 32;

bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '@' || c == '-';
  });
}

bool IsHexDigest(absl::string_view text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); });
}

// As the paths of requests are: relative, without parts that lead elsewhere.
bool IsFolder(absl::string_view folder) {
  const std::vector<absl::string_view> parts = absl::StrSplit(folder, '/');
  return std::all_of(parts.begin(), parts.end(),
                     [](absl::string_view part) { return !part.empty() && part != "." && part != ".."; });
}

absl::Status CheckLimits(const Token& token) {
  if (token.labels().size() > kMaxLabels) return absl::InvalidArgumentError("labels: more than 32");
  if (token.video_ids_size() > kMaxVideoIds) return absl::InvalidArgumentError("videoIds: more than 1000");
  if (token.folders_size() > kMaxFolders) return absl::InvalidArgumentError("folders: more than 100");
  for (const auto& [key, value] : token.labels()) {
    if (key.empty()) return absl::InvalidArgumentError("labels: a label without a key");
  }
  for (const std::string& id : token.video_ids()) {
    if (id.empty()) return absl::InvalidArgumentError("videoIds: an empty id");
  }
  for (const std::string& folder : token.folders()) {
    if (!IsFolder(folder)) {
      return absl::InvalidArgumentError(absl::StrCat("folders: ", folder, " is no plain path under the roots"));
    }
  }
  const bool limited = !token.labels().empty() || !token.video_ids().empty();
  if (limited && token.scope() == NameOf(Scope::kAdmin)) {
    return absl::InvalidArgumentError("scope: admin is over all jobs and cannot be limited by labels or videoIds");
  }
  if (!limited && !token.folders().empty()) {
    return absl::InvalidArgumentError("folders: only for a token that is limited by labels or videoIds");
  }
  return absl::OkStatus();
}

absl::StatusOr<Token> ParseLine(absl::string_view line) {
  Token token;
  const auto parsed = google::protobuf::util::JsonStringToMessage(std::string(line), &token);
  if (!parsed.ok()) return absl::InvalidArgumentError(std::string(parsed.message()));
  SPOOL_RETURN_IF_ERROR(CheckToken(token));
  return token;
}

}  // namespace

absl::StatusOr<std::string> NewToken() {
  SPOOL_ASSIGN_OR_RETURN(const std::string secret, RandomBytes(kSecretBytes));
  return absl::StrCat("spool_", absl::WebSafeBase64Escape(secret));
}

std::string DigestOf(absl::string_view token) { return Sha256Of(token); }

std::string HexDigestOf(absl::string_view token) { return absl::BytesToHexString(DigestOf(token)); }

absl::Status CheckToken(const Token& token) {
  if (!IsName(token.name())) {
    return absl::InvalidArgumentError("name: must be 1 to 64 of letters, digits, '.', '_', '@' and '-'");
  }
  if (!IsHexDigest(token.sha256())) return absl::InvalidArgumentError("sha256: must be 64 lower-case hex digits");
  if (!ScopeOfName(token.scope()).has_value()) {
    return absl::InvalidArgumentError("scope: must be read, write or admin");
  }
  return CheckLimits(token);
}

std::string FormatTokenLine(const Token& token) {
  std::string line;
  // Only fields that are no UTF-8 could fail, and such do not get into a message.
  (void)google::protobuf::util::MessageToJsonString(token, &line);
  return line;
}

absl::StatusOr<std::vector<Token>> ParseTokenFile(absl::string_view text) {
  std::vector<Token> tokens;
  std::set<std::string> digests;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || absl::StartsWith(line, "#")) continue;
    absl::StatusOr<Token> token = ParseLine(line);
    absl::Status status = token.status();
    if (status.ok() && !digests.insert(token->sha256()).second) {
      status = absl::InvalidArgumentError("sha256: another line has this token too");
    }
    if (status.ok() && tokens.size() == kMaxTokens) status = absl::InvalidArgumentError("more than 1000 tokens");
    if (!status.ok()) return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", status.message()));
    tokens.push_back(*std::move(token));
  }
  return tokens;
}

}  // namespace spool::auth

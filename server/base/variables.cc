#include "server/base/variables.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace spool {
namespace {

constexpr absl::string_view kPrefix = "SPOOL_";

constexpr absl::string_view kKnown[] = {
    // spool's.
    "SPOOL_SERVER",
    "SPOOL_TLS_CA",
    "SPOOL_TOKEN",
    // spoold's flags; a test compares these with server/app/flags.cc.
    "SPOOL_ALLOW_UNPROTECTED_NETWORK",
    "SPOOL_AUDIT_LOG",
    "SPOOL_DATA_DIR",
    "SPOOL_DRAIN_TIMEOUT",
    "SPOOL_GRPC_ADDRESS",
    "SPOOL_HTTP_ADDRESS",
    "SPOOL_HTTP_HOSTS",
    "SPOOL_HTTP_ORIGINS",
    "SPOOL_LOG_FORMAT",
    "SPOOL_MAX_HTTP_CONNECTIONS",
    "SPOOL_MAX_OUTPUT_BYTES",
    "SPOOL_MAX_PIXELS",
    "SPOOL_MAX_RUN_TIME",
    "SPOOL_MAX_STALL_TIME",
    "SPOOL_MAX_UPLOAD_BYTES",
    "SPOOL_MAX_WAITING_JOBS",
    "SPOOL_MEDIA_ROOT",
    "SPOOL_NOTIFY_CONFIG",
    "SPOOL_OUTPUT_ROOT",
    "SPOOL_RETAIN_EVENTS",
    "SPOOL_RETAIN_EVENTS_FOR",
    "SPOOL_RETAIN_EVENT_BYTES",
    "SPOOL_RETAIN_JOBS",
    "SPOOL_RETAIN_JOBS_FOR",
    "SPOOL_RETAIN_UPLOADS_FOR",
    "SPOOL_SHORT_SLOTS",
    "SPOOL_SLOTS",
    "SPOOL_STORE",
    "SPOOL_TLS_CERT",
    "SPOOL_TLS_CLIENT_CA",
    "SPOOL_TLS_KEY",
    "SPOOL_TOKEN_FILE",
    "SPOOL_WORKER",
    // For tests: base/failpoint.h.
    "SPOOL_FAILPOINT",
};

// Characters to put in, take out or change until `from` is `to`, which are short.
size_t Edits(absl::string_view from, absl::string_view to) {
  std::vector<size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (const char c : from) {
    size_t diagonal = row[0]++;
    for (size_t i = 0; i < to.size(); ++i) {
      const size_t changed = diagonal + (c == to[i] ? 0 : 1);
      diagonal = row[i + 1];
      row[i + 1] = std::min({changed, row[i] + 1, row[i + 1] + 1});
    }
  }
  return row.back();
}

absl::string_view NearestTo(absl::string_view name) {
  // No known name is longer; what is much longer is near to none, and its comparison would take time.
  if (name.size() > 64) return {};
  const std::string upper = absl::AsciiStrToUpper(name);
  // A third of what follows the prefix: HTTP_ADDR is HTTP_ADDRESS, and PORT is not STORE.
  size_t fewest = (upper.size() - kPrefix.size()) / 3 + 1;
  absl::string_view nearest;
  for (const absl::string_view known : kKnown) {
    const size_t edits = Edits(upper, known);
    if (edits >= fewest) continue;
    fewest = edits;
    nearest = known;
  }
  return nearest;
}

bool IsOfKubernetes(absl::string_view name, absl::string_view value) {
  return absl::StartsWith(name, "SPOOL_SERVICE_") || absl::StartsWith(name, "SPOOL_PORT_") ||
         (name == "SPOOL_PORT" && absl::StrContains(value, "://"));
}

}  // namespace

absl::Span<const absl::string_view> KnownVariables() { return kKnown; }

std::string DescribeStrayVariables(const char* const* environment) {
  std::vector<std::string> stray;
  for (; *environment != nullptr; ++environment) {
    const absl::string_view entry = *environment;
    const absl::string_view name = entry.substr(0, entry.find('='));
    if (!absl::StartsWithIgnoreCase(name, kPrefix) || name.size() == entry.size()) continue;
    if (std::find(std::begin(kKnown), std::end(kKnown), name) != std::end(kKnown)) continue;
    if (IsOfKubernetes(name, entry.substr(name.size() + 1))) continue;
    const absl::string_view nearest = NearestTo(name);
    stray.emplace_back(name);
    if (!nearest.empty()) absl::StrAppend(&stray.back(), " (did you mean ", nearest, "?)");
  }
  return absl::StrJoin(stray, ", ");
}

}  // namespace spool

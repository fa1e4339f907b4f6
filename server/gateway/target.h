// A request's target: its path and its query.

#ifndef SPOOL_SERVER_GATEWAY_TARGET_H_
#define SPOOL_SERVER_GATEWAY_TARGET_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spool::gateway {

struct Target {
  // Begins with '/'. Still percent-encoded, so that an encoded '/' is no separator.
  std::string path;
  // Decoded, in order; a name may come several times.
  std::vector<std::pair<std::string, std::string>> query;

  // The last value of that name; nullptr if there is none.
  const std::string* Find(absl::string_view name) const;
};

// INVALID_ARGUMENT: not in origin form, a bad percent escape, a control character, or not UTF-8.
absl::StatusOr<Target> ParseTarget(absl::string_view target);

// Of one path segment, or of a query's name or value (where '+' is a space). INVALID_ARGUMENT as above.
enum class Plus { kPlus, kSpace };
absl::StatusOr<std::string> PercentDecode(absl::string_view text, Plus plus);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_TARGET_H_

#include "server/base/failpoint.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iterator>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace spool {
namespace internal {

FailPoint armed_fail_point = FailPoint::kNone;

}  // namespace internal

namespace {

// In the order of FailPoint, from 1.
constexpr const char* kNames[] = {"before-commit", "after-commit",  "before-answer", "before-wake",  "before-complete",
                                  "in-snapshot",   "in-compaction", "in-migration",  "before-record"};

std::atomic<int> passes_left{0};

}  // namespace

void internal::PassFailPoint() {
  if (--passes_left != 0) return;
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

absl::Status ArmFailPoint() {
  const char* const text = getenv("SPOOL_FAILPOINT");
  if (text == nullptr) return absl::OkStatus();
  absl::string_view name = text;
  int count = 1;
  if (const size_t colon = name.find(':'); colon != absl::string_view::npos) {
    if (!absl::SimpleAtoi(name.substr(colon + 1), &count) || count < 1) {
      return absl::InvalidArgumentError(absl::StrCat("SPOOL_FAILPOINT=", text, ": the count is not one"));
    }
    name = name.substr(0, colon);
  }
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (name != kNames[i]) continue;
    passes_left = count;
    internal::armed_fail_point = static_cast<FailPoint>(i + 1);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("SPOOL_FAILPOINT=", text, " is no failpoint"));
}

absl::string_view ArmedFailPoint() {
  const int point = static_cast<int>(internal::armed_fail_point);
  return point == 0 ? absl::string_view() : absl::string_view(kNames[point - 1]);
}

}  // namespace spool

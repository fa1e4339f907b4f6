// The last lines that libav logged.

#ifndef SPOOL_SERVER_AV_LOG_TAIL_H_
#define SPOOL_SERVER_AV_LOG_TAIL_H_

#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"

namespace spool::av {

inline constexpr int kLogTailLines = 20;

// Takes over libav's log, which is one for the process, for ever. Keeps the last kLogTailLines lines at warning or
// above, without immediate repeats, and passes each on to `sink`, which may be called from codec threads, one at a
// time.
void CaptureLog(absl::AnyInvocable<void(const std::string& line)> sink);

// Oldest first. Thread-safe.
std::vector<std::string> LogTail();

}  // namespace spool::av

#endif  // SPOOL_SERVER_AV_LOG_TAIL_H_

// Progress bars.

#ifndef SPOOL_CLIENT_CLI_PROGRESS_TEXT_H_
#define SPOOL_CLIENT_CLI_PROGRESS_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "spool/v1/job.pb.h"

namespace spool::cli {

// One line of at most `columns` columns, without a newline:
//   resize-cat-01JG… [██████████░░░░░░░░░░]  50%  118 fps  4.9x  eta 0:07
// The label is shortened first; what has no room or is not known is left out.
std::string RenderProgress(absl::string_view label, const v1::JobProgress& progress, int columns);

// The same for a transfer of `done` of `total` bytes; total 0 when it is not known.
std::string RenderTransfer(absl::string_view label, int64_t done, int64_t total, int columns);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_PROGRESS_TEXT_H_

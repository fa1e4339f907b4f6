// libav's return codes as statuses. This is the one place that maps them.

#ifndef SPOOL_SERVER_AV_ERROR_H_
#define SPOOL_SERVER_AV_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/av/failure.h"

namespace spool::av {

// libav's own words for a return code.
std::string ErrorText(int code);

// "what: libav's words". Memory, space and I/O are known by their codes; damage and missing codecs too. `otherwise` is
// the class of the rest, above all EINVAL: while decoding it means a damaged input, while encoding a fault of ours.
absl::Status AvError(int code, absl::string_view what, Reason otherwise = Reason::kInternal);

}  // namespace spool::av

#endif  // SPOOL_SERVER_AV_ERROR_H_

// Variables of the environment, which all begin with SPOOL_.

#ifndef SPOOL_SERVER_BASE_VARIABLES_H_
#define SPOOL_SERVER_BASE_VARIABLES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace spool {

// Those that any of our programs reads: one list, since a shell that starts the server often runs its client too.
absl::Span<const absl::string_view> KnownVariables();

// Variables with our prefix that none of our programs reads, as words for an operator: "SPOOL_X, SPOOL_SLOT (did you
// mean SPOOL_SLOTS?)"; empty: there are none. `environment` is as environ(7) has it. What Kubernetes tells every
// container of a service named "spool" (SPOOL_SERVICE_HOST, SPOOL_PORT=tcp://…) is passed over.
//
// Programs warn and go on: the prefix is not ours alone, and what an older version read must not stop a newer one.
std::string DescribeStrayVariables(const char* const* environment);

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_VARIABLES_H_

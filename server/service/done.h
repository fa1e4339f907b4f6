// How a call ends.

#ifndef SPOOL_SERVER_SERVICE_DONE_H_
#define SPOOL_SERVER_SERVICE_DONE_H_

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"

namespace spool::service {

// Called exactly once for each call, on any thread, maybe before the function that was given it returns. After an OK
// the response is filled. Request and response live until then.
using Done = absl::AnyInvocable<void(absl::Status)>;

}  // namespace spool::service

#endif  // SPOOL_SERVER_SERVICE_DONE_H_

// Why a piece of media work failed, as a status that keeps its class: the classes are those of JobError.reason.

#ifndef SPOOL_SERVER_AV_FAILURE_H_
#define SPOOL_SERVER_AV_FAILURE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace spool::av {

enum class Reason {
  kInvalidSpec,
  kInvalidMedia,
  kUnsupportedMedia,
  kLimitExceeded,
  kOutOfSpace,
  kOutOfMemory,
  kIoError,
  kInternal,
};

// A failed status of this class; `message` says what was tried, on which stream, and why it failed.
absl::Status Failure(Reason reason, absl::string_view message);

// The class of a failed status; kInternal for one that Failure did not make.
Reason ReasonOf(const absl::Status& status);

// The class as JobError.reason has it, such as "INVALID_MEDIA".
absl::string_view ReasonName(Reason reason);

// Whether another attempt at the same work may fare better.
bool IsRetryable(Reason reason);

}  // namespace spool::av

#endif  // SPOOL_SERVER_AV_FAILURE_H_

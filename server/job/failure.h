// The classes of failure: what JobError.reason may say, and which of them another attempt may mend.

#ifndef SPOOL_SERVER_JOB_FAILURE_H_
#define SPOOL_SERVER_JOB_FAILURE_H_

#include "absl/strings/string_view.h"
#include "spool/v1/job.pb.h"

namespace spool::job {

// Bad input: another attempt would fail in the same way.
inline constexpr absl::string_view kInvalidSpec = "INVALID_SPEC";
inline constexpr absl::string_view kInvalidMedia = "INVALID_MEDIA";
inline constexpr absl::string_view kUnsupportedMedia = "UNSUPPORTED_MEDIA";
inline constexpr absl::string_view kInputNotFound = "INPUT_NOT_FOUND";
inline constexpr absl::string_view kLimitExceeded = "LIMIT_EXCEEDED";
inline constexpr absl::string_view kQueueTimeout = "QUEUE_TIMEOUT";
inline constexpr absl::string_view kCrashLoop = "CRASH_LOOP";
inline constexpr absl::string_view kInputQuarantined = "INPUT_QUARANTINED";
// May pass.
inline constexpr absl::string_view kOutOfSpace = "OUT_OF_SPACE";
inline constexpr absl::string_view kOutOfMemory = "OUT_OF_MEMORY";
inline constexpr absl::string_view kWorkerCrashed = "WORKER_CRASHED";
inline constexpr absl::string_view kDeadlineExceeded = "DEADLINE_EXCEEDED";
inline constexpr absl::string_view kStalled = "STALLED";
inline constexpr absl::string_view kWorkerUnavailable = "WORKER_UNAVAILABLE";
inline constexpr absl::string_view kIoError = "IO_ERROR";
inline constexpr absl::string_view kInternal = "INTERNAL";

// Whether `reason` is one of the above.
bool IsKnownReason(absl::string_view reason);

// Whether another attempt may mend it; false for what is not known.
bool IsRetryable(absl::string_view reason);

// An error of this class, `retryable` set.
v1::JobError MakeError(absl::string_view reason, absl::string_view message);

}  // namespace spool::job

#endif  // SPOOL_SERVER_JOB_FAILURE_H_

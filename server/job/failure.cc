#include "server/job/failure.h"

#include <algorithm>
#include <array>
#include <string>

namespace spool::job {
namespace {

constexpr std::array kFinal = {kInvalidSpec,   kInvalidMedia, kUnsupportedMedia, kInputNotFound,
                               kLimitExceeded, kQueueTimeout, kCrashLoop,        kInputQuarantined};
constexpr std::array kPassing = {kOutOfSpace, kOutOfMemory,       kWorkerCrashed, kDeadlineExceeded,
                                 kStalled,    kWorkerUnavailable, kIoError,       kInternal};

}  // namespace

bool IsRetryable(absl::string_view reason) {
  return std::find(kPassing.begin(), kPassing.end(), reason) != kPassing.end();
}

bool IsKnownReason(absl::string_view reason) {
  return IsRetryable(reason) || std::find(kFinal.begin(), kFinal.end(), reason) != kFinal.end();
}

v1::JobError MakeError(absl::string_view reason, absl::string_view message) {
  v1::JobError error;
  error.set_reason(std::string(reason));
  error.set_message(std::string(message));
  error.set_retryable(IsRetryable(reason));
  return error;
}

}  // namespace spool::job

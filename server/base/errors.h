// Statuses that carry machine-readable details, as https://google.aip.dev/193 wants them: every refusal that leaves the
// server has one ErrorInfo. The details ride on absl::Status as payloads and become grpc-status-details-bin in rpc/.

#ifndef SPOOL_SERVER_BASE_ERRORS_H_
#define SPOOL_SERVER_BASE_ERRORS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"

namespace spool {

using ErrorMetadata = std::vector<std::pair<std::string, std::string>>;

// What is not UTF-8, such as a piece of a hostile request, becomes U+FFFD in all of these.

// A status with google.rpc.ErrorInfo{reason, domain "spool", metadata}.
absl::Status Error(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                   const ErrorMetadata& metadata = {});

// INVALID_ARGUMENT about one field of the request: ErrorInfo and BadRequest.
absl::Status FieldError(absl::string_view field, absl::string_view description,
                        absl::string_view reason = "FIELD_INVALID");

// The same status, also saying when to try again.
absl::Status WithRetryDelay(absl::Status status, absl::Duration delay);

// The same status, also naming the thing it is about.
absl::Status WithResource(absl::Status status, absl::string_view type, absl::string_view name);

// The same status; one without an ErrorInfo gets one, with its code's name as the reason.
absl::Status WithErrorInfo(const absl::Status& status);

// The details; default values when the status has none.
google::rpc::ErrorInfo ErrorInfoOf(const absl::Status& status);
google::rpc::BadRequest BadRequestOf(const absl::Status& status);

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_ERRORS_H_

// gRPC's status as absl::Status, with the details that Spool's server attaches.

#ifndef SPOOL_CLIENT_CPP_STATUS_H_
#define SPOOL_CLIENT_CPP_STATUS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "grpcpp/support/status.h"

namespace spool::client {

// The same code and message. Each detail of grpc-status-details-bin becomes a payload under its type URL; details that
// cannot be parsed are left out.
absl::Status FromGrpc(const grpc::Status& status);

// The ErrorInfo that the server attached. nullopt when there is none: the status was made by the transport or by us.
std::optional<google::rpc::ErrorInfo> ErrorInfoOf(const absl::Status& status);

// The reason in ErrorInfo, such as "JOB_NOT_FOUND"; empty when there is none.
std::string ReasonOf(const absl::Status& status);

// Whether the server is not there for now: it cannot be reached, is stopping, or ended the call while it stopped. Says
// nothing of whether the call had an effect.
bool IsServerAway(const absl::Status& status);

// How long the server asks to wait before the call is made again; nullopt when it does not say.
std::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

}  // namespace spool::client

#endif  // SPOOL_CLIENT_CPP_STATUS_H_

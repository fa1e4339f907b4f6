// Notification targets and deliveries for people.

#ifndef SPOOL_CLIENT_CLI_NOTIFY_TEXT_H_
#define SPOOL_CLIENT_CLI_NOTIFY_TEXT_H_

#include <string>

#include "absl/types/span.h"
#include "client/cli/block.h"
#include "spool/v1/notification.pb.h"
#include "spool/v1/notification_service.pb.h"

namespace spool::cli {

// A table with one row a target, and a line for each that is disabled or was not told of something.
std::string RenderTargets(const v1::ListTargetsResponse& targets, const TextStyle& style);

// A table with one row a delivery.
std::string RenderDeliveryTable(absl::Span<const v1::Delivery> deliveries, const TextStyle& style);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_NOTIFY_TEXT_H_

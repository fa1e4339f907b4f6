// Events as CloudEvents 1.0 has them, in structured JSON (https://cloudevents.io).

#ifndef SPOOL_SERVER_NOTIFY_CLOUD_EVENT_H_
#define SPOOL_SERVER_NOTIFY_CLOUD_EVENT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "spool/v1/event.pb.h"

namespace spool::notify {

inline constexpr char kCloudEventMediaType[] = "application/cloudevents+json; charset=utf-8";

// "evt_{log id, 16 hex digits}_{sequence}": the same for ever, and of no other event.
std::string EventId(uint64_t log_id, int64_t sequence);

// "spool.job.completed".
std::string CloudEventType(v1::EventType type);

// One line. `data` is the event as JSON; beside the standard attributes are `sequence`, which sorts as text, and
// `partitionkey`, the job, within which the order holds. Internal: the event has no JSON.
absl::StatusOr<std::string> CloudEventOf(const v1::Event& event, absl::string_view id, absl::string_view source);

// A made-up one, of type "spool.notification.test", about no job.
std::string TestCloudEvent(absl::string_view target, absl::string_view id, absl::string_view source, absl::Time now);

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_CLOUD_EVENT_H_

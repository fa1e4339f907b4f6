// Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html

#ifndef SPOOL_SERVER_GATEWAY_EVENT_SOURCE_H_
#define SPOOL_SERVER_GATEWAY_EVENT_SOURCE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/auth/caller.h"
#include "server/gateway/event_json.h"
#include "server/gateway/exchange.h"
#include "server/gateway/stream_format.h"
#include "server/service/job_calls.h"

namespace spool::gateway {

// What a query asks for. INVALID_ARGUMENT (QUERY_INVALID) names the parameter.
//
//   job_id=, video_id=, type=, state=, label=key=value   the filter; each may come several times; types and states in
//                                                        short ("failed") or as enum values
//   start=latest|earliest|snapshot, after_sequence=      where to begin; latest when absent
//   resume_token=, last_event_id=                        or: exactly after this; the header Last-Event-ID comes first
//   heartbeat= (seconds), max_batch=, progress=1, until_terminal=1, on_compacted=snapshot|fail
//   named=1                                              events carry their type as the SSE event's name
struct EventQuery {
  v1::WatchEventsRequest request;
  bool named = false;
};
absl::StatusOr<EventQuery> ParseEventQuery(const Request& request);

// Each event is `id: {resume token}` and `data: {JSON of the Event}`. A block with an id alone moves the browser's
// Last-Event-ID over what the filter left out. Named blocks: snapshot (a Job), synced, reset, progress, end,
// stream_error. `calls` and `json` outlive it.
std::unique_ptr<StreamFormat> EventSourceFormat(const service::JobCalls* calls, EventJson* json, bool named);

// GET /v1/events. On the exchange's thread.
void AnswerEvents(service::JobCalls* calls, EventJson* json, const auth::Caller& caller,
                  std::shared_ptr<Exchange> exchange);
// GET /v1/jobs/{id}/events: the job's events from the first on, until it is finished. 404: there is no such job. 204,
// which tells a browser to stop, when it comes back after the end.
void AnswerJobEvents(service::JobCalls* calls, EventJson* json, const auth::Caller& caller, std::string job_id,
                     std::shared_ptr<Exchange> exchange);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_EVENT_SOURCE_H_

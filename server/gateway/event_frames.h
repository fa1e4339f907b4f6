// The feed over WebSocket, as its route sees it.

#ifndef SPOOL_SERVER_GATEWAY_EVENT_FRAMES_H_
#define SPOOL_SERVER_GATEWAY_EVENT_FRAMES_H_

#include <memory>

#include "server/auth/caller.h"
#include "server/gateway/event_json.h"
#include "server/gateway/exchange.h"
#include "server/service/job_calls.h"

namespace spool::gateway {

// GET /v1/events/ws. The body is a WatchEventsRequest in JSON, empty for all that is new; each frame then is a
// WatchEventsResponse. A last frame {"error": …}, as Connect has it, tells why the stream ended, unless that was with
// OK.
void AnswerWebSocket(service::JobCalls* calls, EventJson* json, const auth::Caller& caller,
                     std::shared_ptr<Exchange> exchange);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_EVENT_FRAMES_H_

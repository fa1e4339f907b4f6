// A subscription's way into an HTTP answer.

#ifndef SPOOL_SERVER_GATEWAY_EVENT_PUMP_H_
#define SPOOL_SERVER_GATEWAY_EVENT_PUMP_H_

#include <memory>

#include "absl/time/time.h"
#include "server/auth/caller.h"
#include "server/gateway/exchange.h"
#include "server/gateway/stream_format.h"
#include "server/service/job_calls.h"

namespace spool::gateway {

// Follows the feed until the client leaves, the feed ends it, or `timeout` is over. One response is under way at a
// time, so that a reader that does not read costs one, and its subscription stays a cursor. On the exchange's thread.
void StartEventPump(service::JobCalls* calls, const auth::Caller& caller, const v1::WatchEventsRequest& request,
                    std::shared_ptr<Exchange> exchange, std::unique_ptr<StreamFormat> format, absl::Duration timeout);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_EVENT_PUMP_H_

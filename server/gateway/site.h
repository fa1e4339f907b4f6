// The dashboard's files, which are in the program.

#ifndef SPOOL_SERVER_GATEWAY_SITE_H_
#define SPOOL_SERVER_GATEWAY_SITE_H_

#include <optional>

#include "server/gateway/exchange.h"

namespace spool::gateway {

// The file at the request's path; nullopt if there is none. For anyone: it holds nothing of the jobs, and asks for a
// token itself.
std::optional<Reply> SiteReply(const Request& request);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_SITE_H_

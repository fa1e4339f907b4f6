// Files over plain HTTP: for curl, for a drop on the dashboard, and for <video>.

#ifndef SPOOL_SERVER_GATEWAY_MEDIA_ROUTE_H_
#define SPOOL_SERVER_GATEWAY_MEDIA_ROUTE_H_

#include <memory>
#include <string>

#include "server/auth/caller.h"
#include "server/gateway/exchange.h"
#include "server/service/services.h"

namespace spool::gateway {

// PUT or POST /v1/media?file_name=&sha256=: the body is the file, read bit by bit. 201 with UploadMediaResponse as
// JSON. On the exchange's thread; the disk is written on the services' pool.
void AnswerUpload(service::Services* services, const auth::Caller& caller, std::shared_ptr<Exchange> exchange);

// GET or HEAD /v1/jobs/{id}/media?output=&vtt=1&download=1: an output of a completed job, or the part of it that Range
// asks for.
void AnswerMedia(service::Services* services, const auth::Caller& caller, std::string job_id,
                 std::shared_ptr<Exchange> exchange);

// The content-type of an output, by its name.
std::string MediaTypeOf(absl::string_view path);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_MEDIA_ROUTE_H_

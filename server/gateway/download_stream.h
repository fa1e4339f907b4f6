// DownloadMedia over HTTP: the same messages as over gRPC.

#ifndef SPOOL_SERVER_GATEWAY_DOWNLOAD_STREAM_H_
#define SPOOL_SERVER_GATEWAY_DOWNLOAD_STREAM_H_

#include <memory>

#include "absl/time/time.h"
#include "server/auth/caller.h"
#include "server/gateway/exchange.h"
#include "server/gateway/stream_format.h"
#include "server/service/services.h"

namespace spool::gateway {

// On the exchange's thread; the disk is read on the services' pool.
void StartDownloadStream(service::Services* services, const auth::Caller& caller,
                         const v1::DownloadMediaRequest& request, std::shared_ptr<Exchange> exchange,
                         std::unique_ptr<StreamFormat> format, absl::Duration timeout);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_DOWNLOAD_STREAM_H_

// The gRPC server: services, health, reflection, and the settings of the transport.

#ifndef SPOOL_SERVER_RPC_SERVER_H_
#define SPOOL_SERVER_RPC_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/executor/executor.h"
#include "server/feed/event_feed.h"
#include "server/files/media_files.h"
#include "server/store/job_store.h"

namespace spool::rpc {

struct ServerOptions {
  // host:port; port 0 picks a free one.
  std::string address;
  int64_t max_upload_bytes = int64_t{16} << 30;
};

// What the services call; all outlive the Server.
struct Backends {
  store::JobStore* store;
  feed::EventFeed* feed;
  files::MediaFiles* files;
  executor::Executor* executor;
};

class Server {
 public:
  // Serves when it returns. FailedPrecondition: the address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options, const Backends& backends);
  virtual ~Server() = default;

  // host:port with the port that was picked.
  virtual std::string address() const = 0;
  // Health says NOT_SERVING and callers' writes are refused; reads and streams go on.
  virtual void Drain() = 0;
  // Ends calls that are still open after `grace`. Streams must have been ended by the feed before, or are cancelled.
  virtual void Shutdown(absl::Duration grace) = 0;
};

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_SERVER_H_

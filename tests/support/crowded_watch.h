// A watch for those that hold hundreds of them in one process.

#ifndef SPOOL_TESTS_SUPPORT_CROWDED_WATCH_H_
#define SPOOL_TESTS_SUPPORT_CROWDED_WATCH_H_

#include <memory>

#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/client_callback.h"
#include "spool/v1/job_service.pb.h"

namespace spool::testing {

// A WatchEvents call that is told every response, parsed into messages. All watches of a thread parse into the same
// message, one after the other. With a message each, as the generated stub wants it, a thousand of them keep gigabytes
// that no cache holds, and a test of the server measures its own malloc: an event takes 1.2 us to parse in place of
// 0.55. Lives until OnEnd was called, which comes once Start was.
class CrowdedWatch : private grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  CrowdedWatch() = default;
  CrowdedWatch(const CrowdedWatch&) = delete;
  CrowdedWatch& operator=(const CrowdedWatch&) = delete;

  // Once. `request` is copied.
  void Start(const std::shared_ptr<grpc::Channel>& channel, const v1::WatchEventsRequest& request);
  // After Start, at any time; OnEnd still comes.
  void Cancel() { context_.TryCancel(); }

 protected:
  ~CrowdedWatch() override = default;

 private:
  // On a thread of gRPC's, one call at a time. `response` is the next one's afterwards.
  virtual void OnResponse(const v1::WatchEventsResponse& response) = 0;
  // The last call. INTERNAL: a response that is no message.
  virtual void OnEnd(const grpc::Status& status) = 0;

  void OnReadDone(bool ok) final;
  void OnDone(const grpc::Status& status) final;

  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer bytes_;
  grpc::Status parsed_;
};

}  // namespace spool::testing

#endif  // SPOOL_TESTS_SUPPORT_CROWDED_WATCH_H_

#include "tests/support/crowded_watch.h"

#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/impl/codegen/proto_utils.h"

namespace spool::testing {

void CrowdedWatch::Start(const std::shared_ptr<grpc::Channel>& channel, const v1::WatchEventsRequest& request) {
  // A stream of requests too, as far as gRPC is concerned, of which there is one.
  grpc::GenericStub(channel).PrepareBidiStreamingCall(&context_, "/spool.v1.JobService/WatchEvents", {}, this);
  bool own_buffer = false;
  grpc::SerializationTraits<v1::WatchEventsRequest>::Serialize(request, &request_, &own_buffer).IgnoreError();
  StartWriteLast(&request_, grpc::WriteOptions());
  StartRead(&bytes_);
  StartCall();
}

void CrowdedWatch::OnReadDone(bool ok) {
  if (!ok) return;
  thread_local v1::WatchEventsResponse response;
  parsed_ = grpc::SerializationTraits<v1::WatchEventsResponse>::Deserialize(&bytes_, &response);
  if (!parsed_.ok()) return Cancel();
  OnResponse(response);
  StartRead(&bytes_);
}

void CrowdedWatch::OnDone(const grpc::Status& status) { OnEnd(parsed_.ok() ? status : parsed_); }

}  // namespace spool::testing

// What gRPC itself costs: a JobService that does nothing. It answers every Enqueue with the same job, and every
// WatchEvents with `after_sequence` times the same event, `max_batch_events` to a response, and then ends the stream.
// Prints its port.

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>

#include "google/protobuf/text_format.h"
#include "grpcpp/grpcpp.h"
#include "spool/v1/job_service.grpc.pb.h"

namespace {

// As large as a real answer.
constexpr char kAnswer[] = R"(
  job { id: "resize-video-123-01M8937WQ4T5R5D5C7Q5T3F9ZN" video_id: "video-123" type: JOB_TYPE_RESIZE
        resize { width: 640 height: 360 } input: "a.png" output: "resize-video-123-01M8937WQ4T5R5D5C7Q5T3F9ZN.png"
        state: JOB_STATE_QUEUED labels { key: "tenant" value: "tenant-3" }
        retry_policy { max_retries: 3 initial_backoff { seconds: 1 } max_backoff { seconds: 300 } }
        queued_at { seconds: 1764065000 nanos: 123456000 } revision: 1 sequence: 123456 queue_position: 123456 }
  outcome: ENQUEUE_OUTCOME_CREATED sequence: 123456 resume_token: "AQAAAAAAAAAAwMQHAAA")";

constexpr char kEvent[] = R"(
  sequence: 123456 job_id: "resize-video-123-01M8937WQ4T5R5D5C7Q5T3F9ZN" job_revision: 1 type: EVENT_TYPE_QUEUED
  event_time { seconds: 1764065000 nanos: 123456000 } state: JOB_STATE_QUEUED video_id: "video-123"
  labels { key: "tenant" value: "tenant-3" }
  queued { job_id: "resize-video-123-01M8937WQ4T5R5D5C7Q5T3F9ZN" type: JOB_TYPE_RESIZE video_id: "video-123"
           queue_position: 123456 queued_at { seconds: 1764065000 nanos: 123456000 }
           reason: QUEUED_REASON_ENQUEUED })";
constexpr char kRest[] = R"(
  coverage { after: 123456 through: 123712 head: 123712 resume_token: "AQAAAAAAAAAAwMQHAAA" })";

// A response of so many events, made once for all subscribers.
grpc::Slice Encode(int events) {
  spool::v1::WatchEventsResponse response;
  google::protobuf::TextFormat::ParseFromString(kRest, &response);
  for (int i = 0; i < events; ++i) google::protobuf::TextFormat::ParseFromString(kEvent, response.add_events());
  return grpc::Slice(response.SerializeAsString());
}

class Stream : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  Stream(grpc::Slice response, int64_t writes) : response_(std::move(response)), left_(writes) { Next(); }
  void OnWriteDone(bool ok) override {
    if (!ok) left_ = 0;
    Next();
  }
  void OnDone() override { delete this; }

 private:
  void Next() {
    if (left_-- <= 0) return Finish(grpc::Status::OK);
    buffer_ = grpc::ByteBuffer(&response_, 1);
    StartWrite(&buffer_);
  }

  const grpc::Slice response_;
  grpc::ByteBuffer buffer_;
  int64_t left_;
};

using EchoBase = spool::v1::JobService::WithRawCallbackMethod_WatchEvents<
    spool::v1::JobService::WithCallbackMethod_Enqueue<spool::v1::JobService::Service>>;

class Echo : public EchoBase {
 public:
  Echo() { google::protobuf::TextFormat::ParseFromString(kAnswer, &answer_); }
  grpc::ServerUnaryReactor* Enqueue(grpc::CallbackServerContext* context, const spool::v1::EnqueueRequest*,
                                    spool::v1::EnqueueResponse* response) override {
    *response = answer_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchEvents(grpc::CallbackServerContext*,
                                                          const grpc::ByteBuffer* request) override {
    spool::v1::WatchEventsRequest parsed;
    grpc::ByteBuffer bytes(*request);
    grpc::SerializationTraits<spool::v1::WatchEventsRequest>::Deserialize(&bytes, &parsed).IgnoreError();
    const int batch = std::max(1, parsed.max_batch_events());
    return new Stream(batch == 1 ? one_ : Encode(batch), parsed.after_sequence() / batch);
  }

 private:
  const grpc::Slice one_ = Encode(1);
  spool::v1::EnqueueResponse answer_;
};

}  // namespace

int main() {
  Echo echo;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&echo);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::cout << port << std::endl;
  // Until whoever started this ends it.
  server->Wait();
}

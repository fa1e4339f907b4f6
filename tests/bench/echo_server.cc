// What gRPC itself costs: a JobService that answers every Enqueue with the same job, and does nothing. Prints its port.

#include <unistd.h>

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

class Echo : public spool::v1::JobService::CallbackService {
 public:
  Echo() { google::protobuf::TextFormat::ParseFromString(kAnswer, &answer_); }
  grpc::ServerUnaryReactor* Enqueue(grpc::CallbackServerContext* context, const spool::v1::EnqueueRequest*,
                                    spool::v1::EnqueueResponse* response) override {
    *response = answer_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
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

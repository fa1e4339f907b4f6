#include "tests/support/raw_call.h"

#include <chrono>

#include "client/cpp/status.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"

namespace spool::testing {

absl::StatusOr<std::string> CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                                    const std::string& request, const Headers& headers) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  for (const auto& [name, value] : headers) context.AddMetadata(name, value);
  grpc::CompletionQueue queue;
  const auto wait = [&queue] {
    void* tag;
    bool ok = false;
    queue.Next(&tag, &ok);
    return ok;
  };
  const auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  wait();
  const grpc::Slice slice(request);
  call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  // The server may have refused it by now.
  if (wait()) {
    call->WritesDone(nullptr);
    wait();
  }
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  const bool answered = wait();
  if (answered) context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  wait();
  if (!answered) {
    if (status.ok()) return std::string();
    return client::FromGrpc(status);
  }
  std::vector<grpc::Slice> slices;
  response.Dump(&slices).ok();
  std::string bytes;
  for (const grpc::Slice& each : slices) bytes.append(reinterpret_cast<const char*>(each.begin()), each.size());
  return bytes;
}

}  // namespace spool::testing

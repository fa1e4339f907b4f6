#include "client/cpp/event_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cpp/status.h"
#include "grpc/support/time.h"

namespace spool::client {
namespace {

// There is never more than one operation under way, so one tag is enough.
void* const kTag = nullptr;

}  // namespace

EventStream::EventStream(v1::JobService::StubInterface* stub, const v1::WatchEventsRequest& request)
    : reader_(stub->PrepareAsyncWatchEvents(&context_, request, &queue_)) {
  reader_->StartCall(kTag);
  under_way_ = true;
}

EventStream::~EventStream() {
  if (!finished_) Abandon();
  queue_.Shutdown();
  void* tag;
  bool ok;
  // gRPC asks for the queue to be drained before it is destroyed.
  while (queue_.Next(&tag, &ok)) {
  }
}

absl::StatusOr<std::optional<v1::WatchEventsResponse>> EventStream::Read(absl::Duration max_silence) {
  v1::WatchEventsResponse response;
  Step step = Step::kDone;
  if (!started_) {
    step = Await(max_silence);
    started_ = true;
  }
  if (step == Step::kDone) {
    reader_->Read(&response, kTag);
    under_way_ = true;
    step = Await(max_silence);
  }
  switch (step) {
    case Step::kDone:
      return std::make_optional(std::move(response));
    case Step::kRefused: {
      const absl::Status status = Finish();
      if (!status.ok()) return status;
      return std::nullopt;
    }
    case Step::kSilence:
      // Before `response` goes out of scope: the read under way writes into it.
      Abandon();
      return absl::UnavailableError(
          absl::StrCat("no response from the server for ", absl::FormatDuration(max_silence)));
  }
  return absl::InternalError("unknown step");
}

EventStream::Step EventStream::Await(absl::Duration max_silence) {
  const gpr_timespec deadline = gpr_time_add(
      gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_micros(absl::ToInt64Microseconds(max_silence), GPR_TIMESPAN));
  void* tag;
  bool ok = false;
  if (queue_.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) return Step::kSilence;
  under_way_ = false;
  return ok ? Step::kDone : Step::kRefused;
}

absl::Status EventStream::Finish() {
  grpc::Status status;
  reader_->Finish(&status, kTag);
  void* tag;
  bool ok;
  queue_.Next(&tag, &ok);
  finished_ = true;
  return FromGrpc(status);
}

void EventStream::Abandon() {
  context_.TryCancel();
  if (under_way_) {
    void* tag;
    bool ok;
    queue_.Next(&tag, &ok);
    under_way_ = false;
  }
  Finish().IgnoreError();  // We ended it ourselves: it says CANCELLED.
}

}  // namespace spool::client

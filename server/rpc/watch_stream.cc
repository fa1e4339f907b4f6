#include "server/rpc/watch_stream.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "server/base/errors.h"
#include "server/base/mutex.h"
#include "server/rpc/status.h"
#include "spool/v1/job_service.pb.h"

namespace spool::rpc {
namespace {

// Below this a copy costs less than a reference that must be counted.
constexpr size_t kCopyBelow = 512;

class WatchStream;

// What the feed holds. The reactor may be gone before the feed is done with it, so it is reached through here.
class StreamSink : public feed::Sink {
 public:
  explicit StreamSink(WatchStream* stream) : stream_(stream) {}
  void Send(feed::Update update) override;
  void Finish(absl::Status status) override;
  void Detach() {
    MutexLock lock(&mu_);
    stream_ = nullptr;
  }

 private:
  Mutex mu_;
  WatchStream* stream_ ABSL_GUARDED_BY(mu_);
  // Finish is called exactly once, whoever comes first: the feed, or the client's leaving.
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
};

class WatchStream : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  WatchStream(service::JobCalls* calls, const absl::StatusOr<auth::Caller>& caller, const grpc::ByteBuffer& request)
      : sink_(std::make_shared<StreamSink>(this)) {
    if (!caller.ok()) {
      sink_->Finish(caller.status());
      return;
    }
    v1::WatchEventsRequest parsed;
    grpc::ByteBuffer bytes(request);
    const grpc::Status status = grpc::SerializationTraits<v1::WatchEventsRequest>::Deserialize(&bytes, &parsed);
    if (!status.ok()) {
      sink_->Finish(Error(absl::StatusCode::kInvalidArgument, "REQUEST_MALFORMED", "the request is not a message"));
      return;
    }
    absl::StatusOr<std::shared_ptr<feed::Subscription>> watch = calls->WatchEvents(*caller, parsed, sink_);
    if (!watch.ok()) {
      sink_->Finish(watch.status());
      return;
    }
    MutexLock lock(&mu_);
    subscription_ = *std::move(watch);
    if (cancelled_) subscription_->Cancel();
    if (sent_early_) subscription_->OnSent();
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(&mu_);
    // The first write may be done before the constructor has its subscription.
    if (subscription_ == nullptr) {
      sent_early_ = ok;
      return;
    }
    // A failed write means that the call is over; OnCancel follows or came before.
    if (ok) subscription_->OnSent();
  }

  // May run at any time, on any thread.
  void OnCancel() override {
    {
      MutexLock lock(&mu_);
      cancelled_ = true;
      if (subscription_ != nullptr) subscription_->Cancel();
    }
    // A stream that is not finished would keep the server from ever shutting down.
    sink_->Finish(absl::CancelledError("the client is gone"));
  }

  void OnDone() override {
    sink_->Detach();
    delete this;
  }

  void Write(const feed::Update& update) {
    buffer_ = Encode(update);
    StartWrite(&buffer_);
  }

 private:
  const std::shared_ptr<StreamSink> sink_;
  grpc::ByteBuffer buffer_;  // of the write under way
  Mutex mu_;
  std::shared_ptr<feed::Subscription> subscription_ ABSL_GUARDED_BY(mu_);
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  bool sent_early_ ABSL_GUARDED_BY(mu_) = false;
};

void StreamSink::Send(feed::Update update) {
  MutexLock lock(&mu_);
  if (stream_ != nullptr && !finished_) stream_->Write(update);
}

void StreamSink::Finish(absl::Status status) {
  MutexLock lock(&mu_);
  if (stream_ == nullptr || finished_) return;
  finished_ = true;
  stream_->WatchStream::ServerWriteReactor::Finish(ToGrpc(status));
}

void Release(void* chunk) { delete static_cast<std::shared_ptr<const feed::Chunk>*>(chunk); }

}  // namespace

grpc::ByteBuffer Encode(const feed::Update& update) {
  std::vector<grpc::Slice> slices;
  slices.reserve(update.events.size() + 1);
  std::string copied;
  const auto flush = [&] {
    if (copied.empty()) return;
    slices.emplace_back(copied);
    copied.clear();
  };
  for (const feed::Run& run : update.events) {
    const char* const begin = run.chunk->bytes().data() + run.begin;
    const size_t size = run.end - run.begin;
    if (size < kCopyBelow) {
      copied.append(begin, size);
      continue;
    }
    flush();
    // gRPC never writes to a slice; the chunk lives as long as any slice of it.
    slices.emplace_back(const_cast<char*>(begin), size, Release, new std::shared_ptr<const feed::Chunk>(run.chunk));
  }
  update.rest.AppendToString(&copied);
  flush();
  return grpc::ByteBuffer(slices.data(), slices.size());
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* StartWatch(service::JobCalls* calls,
                                                       const absl::StatusOr<auth::Caller>& caller,
                                                       const grpc::ByteBuffer& request) {
  return new WatchStream(calls, caller, request);
}

}  // namespace spool::rpc

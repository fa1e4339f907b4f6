#include "server/gateway/download_stream.h"

#include <optional>
#include <string>
#include <utility>

#include "server/base/errors.h"

namespace spool::gateway {
namespace {

constexpr size_t kChunkBytes = 256 << 10;
// Transfers are few: one that stands still must not keep its place.
constexpr absl::Duration kLongestWrite = absl::Minutes(1);

class DownloadStream : public std::enable_shared_from_this<DownloadStream> {
 public:
  DownloadStream(service::Services* services, std::shared_ptr<Exchange> exchange, std::unique_ptr<StreamFormat> format)
      : services_(services), exchange_(std::move(exchange)), format_(std::move(format)) {}

  void Start(const auth::Caller& caller, const v1::DownloadMediaRequest& request, absl::Duration timeout) {
    Reply head;
    head.content_type = format_->content_type();
    StreamOptions options;
    options.longest_write = kLongestWrite;
    exchange_->BeginStream(
        std::move(head), [self = shared_from_this()] { self->over_ = true; }, options);
    if (timeout != absl::InfiniteDuration()) {
      exchange_->SetTimer(timeout, [self = shared_from_this()] {
        self->Over(Error(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED", "the call's time is over"));
      });
    }
    services_->pool.Post([self = shared_from_this(), caller, request] {
      absl::StatusOr<service::Download> download = self->services_->media.StartDownload(caller, request);
      if (!download.ok()) {
        self->exchange_->Post([self, status = download.status()] { self->Over(status); });
        return;
      }
      self->download_.emplace(*std::move(download));
      self->response_.set_total_bytes(self->download_->size);
      self->response_.set_output(self->download_->path);
      self->ReadOn();
    });
  }

 private:
  // On the pool.
  void ReadOn() {
    const absl::Status read = download_->Read(kChunkBytes, response_.mutable_chunk());
    if (!read.ok()) {
      exchange_->Post([self = shared_from_this(), read] { self->Over(read); });
      return;
    }
    Bytes bytes = format_->Message(response_);
    response_.Clear();
    const bool last = download_->begin >= download_->end;
    exchange_->Post([self = shared_from_this(), bytes = std::move(bytes), last]() mutable {
      if (self->over_) return;
      self->exchange_->Write(std::move(bytes), [self, last] {
        if (last) {
          self->Over(absl::OkStatus());
        } else if (!self->over_) {
          self->services_->pool.Post([self] { self->ReadOn(); });
        }
      });
    });
  }

  void Over(const absl::Status& status) {
    if (over_) return;
    over_ = true;
    exchange_->End(format_->End(status));
  }

  service::Services* const services_;
  const std::shared_ptr<Exchange> exchange_;
  const std::unique_ptr<StreamFormat> format_;
  // Of the pool's thread that reads.
  std::optional<service::Download> download_;
  v1::DownloadMediaResponse response_;
  // Of the exchange's thread.
  bool over_ = false;
};

}  // namespace

void StartDownloadStream(service::Services* services, const auth::Caller& caller,
                         const v1::DownloadMediaRequest& request, std::shared_ptr<Exchange> exchange,
                         std::unique_ptr<StreamFormat> format, absl::Duration timeout) {
  std::make_shared<DownloadStream>(services, std::move(exchange), std::move(format))->Start(caller, request, timeout);
}

}  // namespace spool::gateway

#include "server/gateway/media_route.h"

#include <sys/stat.h>

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/errors.h"
#include "server/base/json.h"
#include "server/gateway/byte_range.h"

namespace spool::gateway {
namespace {

constexpr size_t kChunkBytes = 256 << 10;
// Transfers are few: one that stands still must not keep its place.
constexpr absl::Duration kLongestWrite = absl::Minutes(1);

class UploadRoute : public std::enable_shared_from_this<UploadRoute> {
 public:
  UploadRoute(service::Services* services, auth::Caller caller, std::shared_ptr<Exchange> exchange)
      : services_(services), caller_(std::move(caller)), exchange_(std::move(exchange)) {}

  void Start() {
    v1::UploadMediaHeader header;
    for (const auto& [name, value] : exchange_->request().target.query) {
      if (name == "file_name") {
        header.set_file_name(value);
      } else if (name == "sha256") {
        header.set_sha256(value);
      } else {
        return Refuse(FieldError(name.substr(0, 64), "is not known; known are file_name, sha256", "QUERY_INVALID"));
      }
    }
    int64_t size = 0;
    if (absl::SimpleAtoi(exchange_->request().Header("content-length"), &size)) {
      if (size == 0) return Refuse(FieldError("body", "the upload is empty"));
      header.set_size(size);
    }
    absl::StatusOr<std::unique_ptr<service::Turn>> turn = services_->media.TakeUploadTurn(caller_);
    if (!turn.ok()) return Refuse(turn.status());
    turn_ = *std::move(turn);
    services_->pool.Post([self = shared_from_this(), header = std::move(header)] {
      auto upload = self->services_->media.StartUpload(self->caller_, header, std::move(self->turn_));
      absl::Status status = upload.status();
      if (status.ok()) self->upload_ = *std::move(upload);
      self->exchange_->Post([self, status = std::move(status)] { self->ReadOn(status); });
    });
  }

 private:
  void ReadOn(const absl::Status& status) {
    if (!status.ok()) return Refuse(status);
    exchange_->ReadBody([self = shared_from_this()](absl::StatusOr<std::string> chunk) {
      // The client is gone, and half an upload leaves nothing.
      if (!chunk.ok()) return self->Refuse(chunk.status());
      self->services_->pool.Post([self, chunk = *std::move(chunk)] { self->Take(chunk); });
    });
  }

  // On the pool.
  void Take(const std::string& chunk) {
    if (!chunk.empty()) {
      exchange_->Post([self = shared_from_this(), status = upload_->Append(chunk)] { self->ReadOn(status); });
      return;
    }
    absl::StatusOr<v1::UploadMediaResponse> response = upload_->Finish();
    exchange_->Post([self = shared_from_this(), response = std::move(response)] {
      if (!response.ok()) return self->Refuse(response.status());
      Reply reply;
      reply.status = 201;
      reply.content_type = "application/json";
      reply.body = ToJson(*response);
      self->exchange_->Respond(std::move(reply));
    });
  }

  void Refuse(const absl::Status& status) {
    Reply reply = ErrorReply(status);
    const std::string reason = ErrorInfoOf(status).reason();
    if (reason == "UPLOAD_TOO_LARGE") reply.status = 413;
    if (reason == "UPLOAD_TOO_SLOW") reply.status = 408;
    exchange_->Respond(std::move(reply));
    // Outside the pool it only closes and removes a file of no name.
    upload_.reset();
  }

  service::Services* const services_;
  const auth::Caller caller_;
  const std::shared_ptr<Exchange> exchange_;
  std::unique_ptr<service::Turn> turn_;
  std::unique_ptr<service::Upload> upload_;
};

// In quotes, with what quotes do not allow replaced.
std::string QuotedFileName(absl::string_view path) {
  std::string name(path.substr(path.rfind('/') + 1));
  for (char& c : name) {
    if (c == '"' || c == '\\' || absl::ascii_iscntrl(c) || !absl::ascii_isascii(c)) c = '_';
  }
  return absl::StrCat("\"", name, "\"");
}

class MediaRoute : public std::enable_shared_from_this<MediaRoute> {
 public:
  MediaRoute(service::Services* services, auth::Caller caller, std::shared_ptr<Exchange> exchange)
      : services_(services), caller_(std::move(caller)), exchange_(std::move(exchange)) {}

  void Start(v1::DownloadMediaRequest request) {
    services_->pool.Post([self = shared_from_this(), request = std::move(request)] {
      auto download = self->services_->media.StartDownload(self->caller_, request);
      absl::Status status = download.status();
      struct stat info = {};
      if (status.ok()) {
        self->download_.emplace(*std::move(download));
        fstat(self->download_->file.get(), &info);
      }
      // A retry replaces the file: its inode, and its time.
      std::string etag = absl::StrFormat("\"%x-%x-%x\"", info.st_ino,
                                         info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec, info.st_size);
      self->exchange_->Post([self, status = std::move(status), etag = std::move(etag)] { self->Answer(status, etag); });
    });
  }

  bool as_attachment = false;

 private:
  void Answer(const absl::Status& status, const std::string& etag) {
    if (!status.ok()) return exchange_->Respond(ErrorReply(status));
    const Request& request = exchange_->request();
    Reply reply;
    reply.headers = {
        {"Accept-Ranges", "bytes"},
        {"ETag", etag},
        // The same URL may show another file after a retry: ask, and be told that nothing has changed.
        {"Cache-Control", "private, no-cache"},
        {"Content-Disposition",
         absl::StrCat(as_attachment ? "attachment" : "inline", "; filename=", QuotedFileName(download_->path))},
        // Whatever a hostile file makes of itself, it is no page of ours.
        {"Content-Security-Policy",
         "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'; sandbox"},
    };
    if (request.Header("if-none-match") == etag) {
      reply.status = 304;
      return exchange_->Respond(std::move(reply));
    }
    reply.content_type = MediaTypeOf(download_->path);
    const absl::string_view if_range = request.Header("if-range");
    const absl::string_view header = if_range.empty() || if_range == etag ? request.Header("range") : "";
    const RangeAnswer range = ParseRange(header, download_->size);
    if (range.kind == RangeKind::kUnsatisfiable) {
      reply.status = 416;
      reply.headers.emplace_back("Content-Range", absl::StrCat("bytes */", download_->size));
      return exchange_->Respond(std::move(reply));
    }
    if (range.kind == RangeKind::kPart) {
      reply.status = 206;
      reply.headers.emplace_back(
          "Content-Range", absl::StrCat("bytes ", range.range.begin, "-", range.range.end - 1, "/", download_->size));
    }
    download_->begin = range.range.begin;
    download_->end = range.range.end;
    StreamOptions options;
    options.size = range.range.end - range.range.begin;
    options.longest_write = kLongestWrite;
    exchange_->BeginStream(
        std::move(reply), [self = shared_from_this()] { self->gone_ = true; }, options);
    if (request.method == "HEAD" || options.size == 0) return exchange_->End(Bytes());
    services_->pool.Post([self = shared_from_this()] { self->ReadOn(); });
  }

  // On the pool.
  void ReadOn() {
    std::string chunk;
    const absl::Status status = download_->Read(kChunkBytes, &chunk);
    const bool last = download_->begin >= download_->end;
    exchange_->Post([self = shared_from_this(), status, last, bytes = Bytes(std::move(chunk))]() mutable {
      if (self->gone_) return;
      if (!status.ok()) return self->exchange_->Abort();
      if (last) return self->exchange_->End(std::move(bytes));
      self->exchange_->Write(std::move(bytes), [self] { self->services_->pool.Post([self] { self->ReadOn(); }); });
    });
  }

  service::Services* const services_;
  const auth::Caller caller_;
  const std::shared_ptr<Exchange> exchange_;
  std::optional<service::Download> download_;
  bool gone_ = false;
};

}  // namespace

std::string MediaTypeOf(absl::string_view path) {
  static constexpr std::pair<absl::string_view, const char*> kTypes[] = {
      {".mp4", "video/mp4"},       {".m4v", "video/mp4"},   {".m4a", "audio/mp4"},
      {".mov", "video/quicktime"}, {".webm", "video/webm"}, {".mkv", "video/x-matroska"},
      {".avi", "video/x-msvideo"}, {".ts", "video/mp2t"},   {".ogg", "audio/ogg"},
      {".opus", "audio/ogg"},      {".mp3", "audio/mpeg"},  {".wav", "audio/wav"},
      {".flac", "audio/flac"},     {".aac", "audio/aac"},   {".jpg", "image/jpeg"},
      {".jpeg", "image/jpeg"},     {".png", "image/png"},   {".webp", "image/webp"},
      {".gif", "image/gif"},       {".avif", "image/avif"}, {".vtt", "text/vtt; charset=utf-8"},
  };
  const std::string lower = absl::AsciiStrToLower(path);
  for (const auto& [extension, type] : kTypes) {
    if (absl::EndsWith(lower, extension)) return type;
  }
  return "application/octet-stream";
}

void AnswerUpload(service::Services* services, const auth::Caller& caller, std::shared_ptr<Exchange> exchange) {
  // What a form of any page can send without asking first.
  const std::string type = exchange->request().ContentType();
  if (type == "text/plain" || type == "multipart/form-data" || type == "application/x-www-form-urlencoded") {
    Reply reply = ErrorReply(Error(absl::StatusCode::kInvalidArgument, "CONTENT_TYPE_REFUSED",
                                   "the body must be the file itself, not a form; send its own content-type, or "
                                   "application/octet-stream"));
    reply.status = 415;
    exchange->Respond(std::move(reply));
    return;
  }
  const absl::string_view encoding = exchange->request().Header("content-encoding");
  if (!encoding.empty() && encoding != "identity") {
    Reply reply = ErrorReply(
        Error(absl::StatusCode::kUnimplemented, "ENCODING_UNKNOWN",
              absl::StrCat("content-encoding \"", encoding.substr(0, 32), "\" is not known; supported: identity")));
    reply.status = 415;
    reply.headers = {{"Accept-Encoding", "identity"}};
    exchange->Respond(std::move(reply));
    return;
  }
  std::make_shared<UploadRoute>(services, caller, std::move(exchange))->Start();
}

void AnswerMedia(service::Services* services, const auth::Caller& caller, std::string job_id,
                 std::shared_ptr<Exchange> exchange) {
  v1::DownloadMediaRequest request;
  request.set_job_id(std::move(job_id));
  auto route = std::make_shared<MediaRoute>(services, caller, exchange);
  for (const auto& [name, value] : exchange->request().target.query) {
    if (name == "output") {
      request.set_output_name(value);
    } else if (name == "vtt") {
      request.set_vtt(value == "1");
    } else if (name == "download") {
      route->as_attachment = value == "1";
    } else {
      exchange->Respond(
          ErrorReply(FieldError(name.substr(0, 64), "is not known; known are output, vtt, download", "QUERY_INVALID")));
      return;
    }
  }
  route->Start(std::move(request));
}

}  // namespace spool::gateway

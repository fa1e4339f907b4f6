#include "server/rpc/media_service.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/base/errors.h"
#include "server/base/posix_error.h"
#include "server/base/sha256.h"
#include "server/base/status_macros.h"
#include "server/job/output_name.h"
#include "server/job/request.h"
#include "server/rpc/status.h"

namespace spool::rpc {
namespace {

constexpr int kMaxCalls = 32;
constexpr int64_t kChunkBytes = 256 << 10;

absl::Status DiskError(const absl::Status& status) {
  if (!absl::IsResourceExhausted(status)) return status;
  return WithRetryDelay(Error(status.code(), "OUT_OF_SPACE", status.message()), absl::Seconds(5));
}

// The path of the file that is asked for.
absl::StatusOr<std::string> PathOf(const v1::DownloadMediaRequest& request, const v1::Job& job) {
  const v1::JobResult* result = &job.result();
  if (!request.output_name().empty()) {
    const auto named = [&](const v1::OutputResult& output) { return output.name() == request.output_name(); };
    const auto found = std::find_if(job.result().outputs().begin(), job.result().outputs().end(), named);
    if (found == job.result().outputs().end() || !found->has_result()) {
      return Error(absl::StatusCode::kNotFound, "OUTPUT_NOT_FOUND",
                   absl::StrCat(job.id(), " made no output of the name ", request.output_name()));
    }
    result = &found->result();
  }
  if (!request.vtt()) return result->output();
  if (!result->vtt().empty()) return result->vtt();
  return Error(absl::StatusCode::kNotFound, "OUTPUT_NOT_FOUND",
               absl::StrCat(job.id(), " has no WebVTT file: this output is not a sprite sheet"));
}

}  // namespace

// A place among the calls that hold a thread.
class MediaService::Turn {
 public:
  explicit Turn(std::atomic<int>& calls) : calls_(calls), granted_(calls.fetch_add(1) < kMaxCalls) {}
  ~Turn() { --calls_; }
  absl::Status status() const {
    if (granted_) return absl::OkStatus();
    return WithRetryDelay(
        Error(absl::StatusCode::kResourceExhausted, "TRANSFER_LIMIT", "too many transfers are going on"),
        absl::Seconds(1));
  }

 private:
  std::atomic<int>& calls_;
  const bool granted_;
};

grpc::Status MediaService::UploadMedia(grpc::ServerContext* context, grpc::ServerReader<v1::UploadMediaRequest>* reader,
                                       v1::UploadMediaResponse* response) {
  const Turn turn(calls_);
  if (!turn.status().ok()) return ToGrpc(turn.status());
  absl::StatusOr<v1::UploadMediaResponse> uploaded = Upload(context, reader);
  if (uploaded.ok()) *response = std::move(*uploaded);
  return ToGrpc(uploaded.status());
}

absl::StatusOr<v1::UploadMediaResponse> MediaService::Upload(grpc::ServerContext* context,
                                                             grpc::ServerReader<v1::UploadMediaRequest>* reader) {
  v1::UploadMediaRequest part;
  if (!reader->Read(&part) || !part.has_header()) return FieldError("header", "must be the first message");
  const v1::UploadMediaHeader header = part.header();
  if (header.file_name().size() > 255) return FieldError("header.file_name", "is longer than 255 bytes");
  if (header.size() < 0) return FieldError("header.size", "must not be negative");
  const absl::Status too_large = Error(absl::StatusCode::kResourceExhausted, "UPLOAD_TOO_LARGE",
                                       absl::StrCat("uploads may have at most ", max_upload_bytes_, " bytes"),
                                       {{"maxBytes", absl::StrCat(max_upload_bytes_)}});
  if (header.size() > max_upload_bytes_) return too_large;

  absl::StatusOr<files::StagedFile> staged = files_->StageUpload();
  if (!staged.ok()) return DiskError(staged.status());
  Sha256 digest;
  int64_t size = 0;
  while (reader->Read(&part)) {
    if (!part.has_chunk()) return FieldError("chunk", "only chunks may follow the header");
    size += static_cast<int64_t>(part.chunk().size());
    if (size > max_upload_bytes_) return too_large;
    digest.Add(part.chunk());
    if (absl::Status status = staged->Append(part.chunk()); !status.ok()) return DiskError(status);
  }
  // A client that vanished half-way ends the loop just as one that is done.
  if (context->IsCancelled()) return absl::CancelledError("the client is gone");
  if (size == 0) return FieldError("chunk", "the upload is empty");
  if (header.size() != 0 && header.size() != size) {
    return FieldError("header.size", absl::StrCat("is ", header.size(), " but ", size, " bytes came"), "SIZE_MISMATCH");
  }
  const std::string sha256 = absl::BytesToHexString(digest.Finish());
  if (!header.sha256().empty() && absl::AsciiStrToLower(header.sha256()) != sha256) {
    return FieldError("header.sha256", absl::StrCat("does not match what came: ", sha256), "SHA256_MISMATCH");
  }
  absl::StatusOr<std::string> id = files_->PublishUpload(*staged, header.file_name());
  if (!id.ok()) return DiskError(id.status());
  v1::UploadMediaResponse response;
  response.set_media_id(*std::move(id));
  response.set_bytes(size);
  response.set_sha256(sha256);
  return response;
}

grpc::Status MediaService::DownloadMedia(grpc::ServerContext*, const v1::DownloadMediaRequest* request,
                                         grpc::ServerWriter<v1::DownloadMediaResponse>* writer) {
  const Turn turn(calls_);
  if (!turn.status().ok()) return ToGrpc(turn.status());
  return ToGrpc(Download(*request, writer));
}

absl::Status MediaService::Download(const v1::DownloadMediaRequest& request,
                                    grpc::ServerWriter<v1::DownloadMediaResponse>* writer) {
  if (request.job_id().empty()) return FieldError("job_id", "is required");
  if (request.offset() < 0) return FieldError("offset", "must not be negative");
  if (request.length() < 0) return FieldError("length", "must not be negative");
  SPOOL_ASSIGN_OR_RETURN(const store::StoredJob stored, store_->GetJob(request.job_id()));
  if (stored.job.state() != v1::JOB_STATE_COMPLETED) {
    return WithResource(
        Error(absl::StatusCode::kFailedPrecondition, "JOB_NOT_COMPLETED",
              absl::StrCat(request.job_id(), " has no output: it is not completed"), {{"jobId", request.job_id()}}),
        "job", request.job_id());
  }
  SPOOL_ASSIGN_OR_RETURN(const std::string path, PathOf(request, stored.job));
  SPOOL_ASSIGN_OR_RETURN(const UniqueFd file, files_->OpenOutput(path));
  struct stat info;
  if (fstat(file.get(), &info) != 0) return PosixError(errno, "stat the output");
  if (request.offset() > info.st_size) {
    return Error(absl::StatusCode::kOutOfRange, "OFFSET_TOO_LARGE",
                 absl::StrCat("the output has ", info.st_size, " bytes"), {{"totalBytes", absl::StrCat(info.st_size)}});
  }
  int64_t position = request.offset();
  const int64_t end =
      request.length() == 0 || request.length() > info.st_size - position ? info.st_size : position + request.length();
  v1::DownloadMediaResponse response;
  response.set_total_bytes(info.st_size);
  response.set_output(path);
  do {
    std::string* const chunk = response.mutable_chunk();
    chunk->resize(static_cast<size_t>(std::min(kChunkBytes, end - position)));
    const ssize_t got = pread(file.get(), chunk->data(), chunk->size(), position);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return PosixError(errno, "read the output");
    if (got == 0 && position < end) {
      return Error(absl::StatusCode::kDataLoss, "OUTPUT_TRUNCATED", "the output became shorter while it was read");
    }
    chunk->resize(static_cast<size_t>(got));
    position += got;
    if (!writer->Write(response)) return absl::CancelledError("the client is gone");
    response.Clear();
  } while (position < end);
  return absl::OkStatus();
}

grpc::Status MediaService::ProbeMedia(grpc::ServerContext*, const v1::ProbeMediaRequest* request,
                                      v1::ProbeMediaResponse* response) {
  const Turn turn(calls_);
  if (!turn.status().ok()) return ToGrpc(turn.status());
  const absl::string_view upload = job::UploadIdOf(request->input());
  if (upload.empty()) {
    if (absl::Status status = job::CheckRelativePath(request->input()); !status.ok()) {
      return ToGrpc(FieldError("input", status.message()));
    }
  } else if (!IsUlid(upload)) {
    return ToGrpc(FieldError("input", "is not the id of an upload"));
  }
  absl::StatusOr<v1::MediaInfo> media = executor_->Probe(request->input());
  if (media.ok()) *response->mutable_media() = std::move(*media);
  return ToGrpc(media.status());
}

}  // namespace spool::rpc

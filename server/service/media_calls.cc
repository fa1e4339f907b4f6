#include "server/service/media_calls.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/auth/scope.h"
#include "server/base/errors.h"
#include "server/base/posix_error.h"
#include "server/base/status_macros.h"
#include "server/base/ulid.h"
#include "server/job/output_name.h"
#include "server/job/request.h"
#include "server/service/limit.h"

namespace spool::service {
namespace {

absl::Status DiskError(const absl::Status& status) {
  if (!absl::IsResourceExhausted(status)) return status;
  return WithRetryDelay(Error(status.code(), "OUT_OF_SPACE", status.message()), absl::Seconds(5));
}

absl::Status TooLarge(int64_t max_bytes) {
  return Error(absl::StatusCode::kResourceExhausted, "UPLOAD_TOO_LARGE",
               absl::StrCat("uploads may have at most ", max_bytes, " bytes"), {{"maxBytes", absl::StrCat(max_bytes)}});
}

absl::Status TooSlow() {
  return Error(absl::StatusCode::kDeadlineExceeded, "UPLOAD_TOO_SLOW",
               absl::StrCat("less than ", Pace::kLeastBytes >> 10, " KiB came within ",
                            absl::FormatDuration(Pace::kWindow), ", and others wait for the place"));
}

const google::protobuf::MethodDescriptor& UploadMethod() {
  static const auto& method = auth::MethodNamed("spool.v1.MediaService.UploadMedia");
  return method;
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

absl::Status CheckProbe(const v1::ProbeMediaRequest& request) {
  const absl::string_view upload = job::UploadIdOf(request.input());
  if (upload.empty()) {
    absl::Status status = job::CheckRelativePath(request.input());
    return status.ok() ? status : FieldError("input", status.message());
  }
  return IsUlid(upload) ? absl::OkStatus() : FieldError("input", "is not the id of an upload");
}

}  // namespace

absl::Status Turn::status() const {
  if (granted_) return absl::OkStatus();
  return WithRetryDelay(
      Error(absl::StatusCode::kResourceExhausted, "TRANSFER_LIMIT", "too many transfers are going on"),
      absl::Seconds(1));
}

Upload::~Upload() {
  std::vector<std::string> ids;
  if (!media_id_.empty()) ids.push_back(media_id_);
  audit_->Record(caller_, UploadMethod(), ids, outcome_);
}

absl::Status Upload::Append(absl::string_view chunk) {
  const absl::Time came = clock_->Now();
  size_ += static_cast<int64_t>(chunk.size());
  absl::Status status;
  if (size_ > max_bytes_) {
    status = TooLarge(max_bytes_);
  } else if (!pace_.Keeps(static_cast<int64_t>(chunk.size()), came)) {
    status = TooSlow();
  } else {
    digest_.Add(chunk);
    status = DiskError(staged_.Append(chunk));
    pace_.Forgive(clock_->Now() - came);
  }
  if (!status.ok()) outcome_ = status;
  return status;
}

absl::StatusOr<v1::UploadMediaResponse> Upload::Finish() {
  absl::StatusOr<v1::UploadMediaResponse> published = Publish();
  outcome_ = published.status();
  if (published.ok()) media_id_ = published->media_id();
  return published;
}

absl::StatusOr<v1::UploadMediaResponse> Upload::Publish() {
  if (size_ == 0) return FieldError("chunk", "the upload is empty");
  if (header_.size() != 0 && header_.size() != size_) {
    return FieldError("header.size", absl::StrCat("is ", header_.size(), " but ", size_, " bytes came"),
                      "SIZE_MISMATCH");
  }
  const std::string sha256 = absl::BytesToHexString(digest_.Finish());
  if (!header_.sha256().empty() && absl::AsciiStrToLower(header_.sha256()) != sha256) {
    return FieldError("header.sha256", absl::StrCat("does not match what came: ", sha256), "SHA256_MISMATCH");
  }
  absl::StatusOr<std::string> id = files_->PublishUpload(staged_, header_.file_name());
  if (!id.ok()) return DiskError(id.status());
  v1::UploadMediaResponse response;
  response.set_media_id(*std::move(id));
  response.set_bytes(size_);
  response.set_sha256(sha256);
  return response;
}

absl::Status Download::Read(size_t max_bytes, std::string* chunk) {
  chunk->resize(static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(max_bytes), end - begin)));
  ssize_t got;
  do {
    got = pread(file.get(), chunk->data(), chunk->size(), begin);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return PosixError(errno, "read the output");
  if (got == 0 && begin < end) {
    return Error(absl::StatusCode::kDataLoss, "OUTPUT_TRUNCATED", "the output became shorter while it was read");
  }
  chunk->resize(static_cast<size_t>(got));
  begin += got;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Turn>> MediaCalls::TakeTurn() {
  auto turn = std::make_unique<Turn>(&turns_, kMaxTransfers);
  SPOOL_RETURN_IF_ERROR(turn->status());
  return turn;
}

absl::StatusOr<std::unique_ptr<Turn>> MediaCalls::TakeUploadTurn(const auth::Caller& caller) {
  if (absl::Status status = caller.Check(UploadMethod()); !status.ok()) {
    audit_->Record(caller, UploadMethod(), {}, status);
    return status;
  }
  return TakeTurn();
}

absl::StatusOr<std::unique_ptr<Upload>> MediaCalls::StartUpload(const auth::Caller& caller,
                                                                const v1::UploadMediaHeader& header,
                                                                std::unique_ptr<Turn> turn) {
  SPOOL_RETURN_IF_ERROR(caller.Check(UploadMethod()));
  if (header.file_name().size() > 255) return FieldError("header.file_name", "is longer than 255 bytes");
  if (header.size() < 0) return FieldError("header.size", "must not be negative");
  if (header.size() > max_upload_bytes_) return TooLarge(max_upload_bytes_);
  absl::StatusOr<files::StagedFile> staged = files_->StageUpload();
  if (!staged.ok()) return DiskError(staged.status());
  return std::unique_ptr<Upload>(
      new Upload(files_, audit_, caller, header, max_upload_bytes_, std::move(turn), *std::move(staged), clock_));
}

absl::StatusOr<Download> MediaCalls::StartDownload(const auth::Caller& caller,
                                                   const v1::DownloadMediaRequest& request) {
  static const auto& method = auth::MethodNamed("spool.v1.MediaService.DownloadMedia");
  SPOOL_RETURN_IF_ERROR(caller.Check(method));
  Download download;
  SPOOL_ASSIGN_OR_RETURN(download.turn, TakeTurn());
  if (request.job_id().empty()) return FieldError("job_id", "is required");
  if (request.offset() < 0) return FieldError("offset", "must not be negative");
  if (request.length() < 0) return FieldError("length", "must not be negative");
  SPOOL_ASSIGN_OR_RETURN(const store::StoredJob stored, store_->GetJob(request.job_id()));
  if (!caller.MaySee(stored.job)) return JobNotFound(request.job_id());
  if (stored.job.state() != v1::JOB_STATE_COMPLETED) {
    return WithResource(
        Error(absl::StatusCode::kFailedPrecondition, "JOB_NOT_COMPLETED",
              absl::StrCat(request.job_id(), " has no output: it is not completed"), {{"jobId", request.job_id()}}),
        "job", request.job_id());
  }
  SPOOL_ASSIGN_OR_RETURN(download.path, PathOf(request, stored.job));
  SPOOL_ASSIGN_OR_RETURN(download.file, files_->OpenOutput(download.path));
  struct stat info;
  if (fstat(download.file.get(), &info) != 0) return PosixError(errno, "stat the output");
  download.size = info.st_size;
  if (request.offset() > download.size) {
    return Error(absl::StatusCode::kOutOfRange, "OFFSET_TOO_LARGE",
                 absl::StrCat("the output has ", download.size, " bytes"),
                 {{"totalBytes", absl::StrCat(download.size)}});
  }
  download.begin = request.offset();
  download.end = request.length() == 0 || request.length() > download.size - download.begin
                     ? download.size
                     : download.begin + request.length();
  return download;
}

void MediaCalls::ProbeMedia(const auth::Caller& caller, const v1::ProbeMediaRequest& request,
                            v1::ProbeMediaResponse* response, Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.MediaService.ProbeMedia");
  if (absl::Status status = caller.Check(method); !status.ok()) return done(status);
  if (absl::Status status = CheckProbe(request); !status.ok()) return done(status);
  if (absl::Status status = CheckInput(caller, request.input()); !status.ok()) return done(status);
  absl::StatusOr<std::unique_ptr<Turn>> taken = TakeTurn();
  if (!taken.ok()) return done(taken.status());
  probe_pool_.Post([this, &request, response, turn = *std::move(taken), done = std::move(done)]() mutable {
    absl::StatusOr<v1::MediaInfo> media = executor_->Probe(request.input());
    if (media.ok()) *response->mutable_media() = std::move(*media);
    turn.reset();
    done(media.status());
  });
}

}  // namespace spool::service

#include "server/rpc/media_service.h"

#include <memory>
#include <utility>

#include "server/base/errors.h"
#include "server/base/status_macros.h"
#include "server/rpc/answer.h"
#include "server/rpc/patience.h"
#include "server/rpc/status.h"

namespace spool::rpc {
namespace {

constexpr size_t kChunkBytes = 256 << 10;

}  // namespace

grpc::Status MediaService::UploadMedia(grpc::ServerContext* context, grpc::ServerReader<v1::UploadMediaRequest>* reader,
                                       v1::UploadMediaResponse* response) {
  absl::StatusOr<v1::UploadMediaResponse> uploaded = Upload(context, reader);
  if (uploaded.ok()) *response = std::move(*uploaded);
  return ToGrpc(uploaded.status());
}

absl::StatusOr<v1::UploadMediaResponse> MediaService::Upload(grpc::ServerContext* context,
                                                             grpc::ServerReader<v1::UploadMediaRequest>* reader) {
  SPOOL_ASSIGN_OR_RETURN(const auth::Caller caller, admission_->Admit(*context));
  SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<service::Turn> turn, calls_->TakeUploadTurn(caller));
  v1::UploadMediaRequest part;
  const auto read = [&] {
    const Patience patience(context, waits_.read);
    return reader->Read(&part);
  };
  if (!read() || !part.has_header()) return FieldError("header", "must be the first message");
  SPOOL_ASSIGN_OR_RETURN(const std::unique_ptr<service::Upload> upload,
                         calls_->StartUpload(caller, part.header(), std::move(turn)));
  while (read()) {
    if (!part.has_chunk()) return FieldError("chunk", "only chunks may follow the header");
    SPOOL_RETURN_IF_ERROR(upload->Append(part.chunk()));
  }
  // A client that vanished half-way, or kept us waiting, ends the loop just as one that is done.
  if (context->IsCancelled()) return absl::CancelledError("the client is gone, or sent nothing for too long");
  return upload->Finish();
}

grpc::Status MediaService::DownloadMedia(grpc::ServerContext* context, const v1::DownloadMediaRequest* request,
                                         grpc::ServerWriter<v1::DownloadMediaResponse>* writer) {
  return ToGrpc(Download(context, *request, writer));
}

absl::Status MediaService::Download(grpc::ServerContext* context, const v1::DownloadMediaRequest& request,
                                    grpc::ServerWriter<v1::DownloadMediaResponse>* writer) {
  SPOOL_ASSIGN_OR_RETURN(const auth::Caller caller, admission_->Admit(*context));
  SPOOL_ASSIGN_OR_RETURN(service::Download download, calls_->StartDownload(caller, request));
  v1::DownloadMediaResponse response;
  response.set_total_bytes(download.size);
  response.set_output(download.path);
  do {
    SPOOL_RETURN_IF_ERROR(download.Read(kChunkBytes, response.mutable_chunk()));
    const Patience patience(context, waits_.write);
    if (!writer->Write(response)) return absl::CancelledError("the client is gone, or took nothing for too long");
    response.Clear();
  } while (download.begin < download.end);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* MediaService::ProbeMedia(grpc::CallbackServerContext* context,
                                                   const v1::ProbeMediaRequest* request,
                                                   v1::ProbeMediaResponse* response) {
  return Answer(*admission_, context, [&](const auth::Caller& caller, service::Done done) {
    calls_->ProbeMedia(caller, *request, response, std::move(done));
  });
}

}  // namespace spool::rpc

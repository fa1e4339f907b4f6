// MediaService over gRPC: bytes in and out.

#ifndef SPOOL_SERVER_RPC_MEDIA_SERVICE_H_
#define SPOOL_SERVER_RPC_MEDIA_SERVICE_H_

#include <atomic>

#include "absl/status/statusor.h"
#include "server/executor/executor.h"
#include "server/files/media_files.h"
#include "server/store/job_store.h"
#include "spool/v1/media_service.grpc.pb.h"

namespace spool::rpc {

// The one service with a thread for each call: its calls are few, long, and wait for the disk all the time.
class MediaService : public v1::MediaService::Service {
 public:
  // All outlive the gRPC server.
  MediaService(store::JobStore* store, files::MediaFiles* files, executor::Executor* executor, int64_t max_upload_bytes)
      : store_(store), files_(files), executor_(executor), max_upload_bytes_(max_upload_bytes) {}

  grpc::Status UploadMedia(grpc::ServerContext* context, grpc::ServerReader<v1::UploadMediaRequest>* reader,
                           v1::UploadMediaResponse* response) override;
  grpc::Status DownloadMedia(grpc::ServerContext* context, const v1::DownloadMediaRequest* request,
                             grpc::ServerWriter<v1::DownloadMediaResponse>* writer) override;
  grpc::Status ProbeMedia(grpc::ServerContext* context, const v1::ProbeMediaRequest* request,
                          v1::ProbeMediaResponse* response) override;

 private:
  class Turn;
  absl::StatusOr<v1::UploadMediaResponse> Upload(grpc::ServerContext* context,
                                                 grpc::ServerReader<v1::UploadMediaRequest>* reader);
  absl::Status Download(const v1::DownloadMediaRequest& request, grpc::ServerWriter<v1::DownloadMediaResponse>* writer);

  store::JobStore* const store_;
  files::MediaFiles* const files_;
  executor::Executor* const executor_;
  const int64_t max_upload_bytes_;
  std::atomic<int> calls_{0};
};

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_MEDIA_SERVICE_H_

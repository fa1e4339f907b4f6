// MediaService over gRPC: bytes in and out.

#ifndef SPOOL_SERVER_RPC_MEDIA_SERVICE_H_
#define SPOOL_SERVER_RPC_MEDIA_SERVICE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/rpc/admission.h"
#include "server/service/media_calls.h"
#include "spool/v1/media_service.grpc.pb.h"

namespace spool::rpc {

// Transfers have a thread for each call: they are few, long, and wait for the disk all the time.
class MediaService : public v1::MediaService::WithCallbackMethod_ProbeMedia<v1::MediaService::Service> {
 public:
  // How long a transfer waits for its client before the call is cancelled: its turn is one of a few.
  struct Waits {
    // For the next message, which may have 16 MiB; of how much comes, service/pace.h judges.
    absl::Duration read = absl::Minutes(2);
    // Until the client has room for a quarter of a MiB more.
    absl::Duration write = absl::Minutes(1);
  };
  // Both outlive the gRPC server.
  MediaService(service::MediaCalls* calls, const Admission* admission) : MediaService(calls, admission, Waits()) {}
  MediaService(service::MediaCalls* calls, const Admission* admission, const Waits& waits)
      : calls_(calls), admission_(admission), waits_(waits) {}

  grpc::Status UploadMedia(grpc::ServerContext* context, grpc::ServerReader<v1::UploadMediaRequest>* reader,
                           v1::UploadMediaResponse* response) override;
  grpc::Status DownloadMedia(grpc::ServerContext* context, const v1::DownloadMediaRequest* request,
                             grpc::ServerWriter<v1::DownloadMediaResponse>* writer) override;
  grpc::ServerUnaryReactor* ProbeMedia(grpc::CallbackServerContext* context, const v1::ProbeMediaRequest* request,
                                       v1::ProbeMediaResponse* response) override;

 private:
  absl::StatusOr<v1::UploadMediaResponse> Upload(grpc::ServerContext* context,
                                                 grpc::ServerReader<v1::UploadMediaRequest>* reader);
  absl::Status Download(grpc::ServerContext* context, const v1::DownloadMediaRequest& request,
                        grpc::ServerWriter<v1::DownloadMediaResponse>* writer);

  service::MediaCalls* const calls_;
  const Admission* const admission_;
  const Waits waits_;
};

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_MEDIA_SERVICE_H_

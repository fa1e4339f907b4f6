#include "client/cpp/download.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "client/cpp/status.h"
#include "grpcpp/client_context.h"
#include "server/base/status_macros.h"

namespace spool::client {
namespace {

using Reader = grpc::ClientReaderInterface<v1::DownloadMediaResponse>;

// Appends what the reader brings; returns the number of bytes.
absl::StatusOr<int64_t> Receive(Reader& reader, PartFile& file, const TransferProgress& progress) {
  int64_t total = 0;
  int64_t done = 0;
  v1::DownloadMediaResponse response;
  while (reader.Read(&response)) {
    if (response.total_bytes() > 0) total = response.total_bytes();
    SPOOL_RETURN_IF_ERROR(file.Append(response.chunk()));
    done += static_cast<int64_t>(response.chunk().size());
    if (progress) progress(done, total);
  }
  SPOOL_RETURN_IF_ERROR(FromGrpc(reader.Finish()));
  if (done != total) return absl::DataLossError(absl::StrCat("got ", done, " of ", total, " bytes"));
  return done;
}

}  // namespace

absl::StatusOr<int64_t> Download(v1::MediaService::StubInterface& stub, const v1::DownloadMediaRequest& request,
                                 const std::string& path, Existing existing, const TransferProgress& progress) {
  SPOOL_ASSIGN_OR_RETURN(PartFile file, PartFile::Create(path));
  grpc::ClientContext context;
  const std::unique_ptr<Reader> reader(stub.DownloadMedia(&context, request));
  absl::StatusOr<int64_t> bytes = Receive(*reader, file, progress);
  if (!bytes.ok()) {
    // When the disk failed, the call is still open.
    context.TryCancel();
    return bytes.status();
  }
  SPOOL_RETURN_IF_ERROR(file.Publish(existing));
  return bytes;
}

}  // namespace spool::client

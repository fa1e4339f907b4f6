// A local file to the server's store.

#ifndef SPOOL_CLIENT_CPP_UPLOAD_H_
#define SPOOL_CLIENT_CPP_UPLOAD_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "spool/v1/media_service.grpc.pb.h"

namespace spool::client {

// How far a transfer is: bytes done of bytes in all, 0 when that is not known. Called on the calling thread.
using TransferProgress = std::function<void(int64_t done, int64_t total)>;

// Sends the file at `path` and returns once it is durable on the server. Half an upload leaves nothing there.
// NOT_FOUND, PERMISSION_DENIED: the file cannot be read. INVALID_ARGUMENT: it is a folder, or the server refused it.
// The server's own status otherwise.
absl::StatusOr<v1::UploadMediaResponse> Upload(v1::MediaService::StubInterface& stub, const std::string& path,
                                               const TransferProgress& progress = nullptr);

}  // namespace spool::client

#endif  // SPOOL_CLIENT_CPP_UPLOAD_H_

// A job's output to a local file.

#ifndef SPOOL_CLIENT_CPP_DOWNLOAD_H_
#define SPOOL_CLIENT_CPP_DOWNLOAD_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "client/cpp/part_file.h"
#include "client/cpp/upload.h"
#include "spool/v1/media_service.grpc.pb.h"

namespace spool::client {

// Fetches the file that `request` names, all of it (offset and length must be 0), into a temporary file beside `path`
// and renames it when it is complete and on disk, so that `path` never shows a part of it. Returns its size in bytes.
// ALREADY_EXISTS: there is such a file and it is to be kept. PERMISSION_DENIED, RESOURCE_EXHAUSTED…: it cannot be
// written. DATA_LOSS: the stream ended before its announced size. The server's own status otherwise.
absl::StatusOr<int64_t> Download(v1::MediaService::StubInterface& stub, const v1::DownloadMediaRequest& request,
                                 const std::string& path, Existing existing,
                                 const TransferProgress& progress = nullptr);

}  // namespace spool::client

#endif  // SPOOL_CLIENT_CPP_DOWNLOAD_H_

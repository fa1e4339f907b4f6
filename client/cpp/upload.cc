#include "client/cpp/upload.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/cpp/status.h"
#include "grpcpp/client_context.h"
#include "server/base/posix_error.h"
#include "server/base/status_macros.h"
#include "server/base/unique_fd.h"

namespace spool::client {
namespace {

// Large enough that the cost of a message is lost in that of its bytes, small enough for smooth progress.
constexpr size_t kChunkBytes = 512 * 1024;
// The longest name that the server takes.
constexpr size_t kMaxFileName = 255;

struct LocalFile {
  UniqueFd fd;
  int64_t bytes = 0;  // 0 when it is a pipe.
};

absl::StatusOr<LocalFile> Open(const std::string& path) {
  LocalFile file;
  file.fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.fd.valid()) return PosixError(errno, absl::StrCat("open ", path));
  struct stat facts;
  if (::fstat(file.fd.get(), &facts) != 0) return PosixError(errno, absl::StrCat("stat ", path));
  if (S_ISDIR(facts.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, " is a folder"));
  if (S_ISREG(facts.st_mode)) file.bytes = facts.st_size;
  return file;
}

// The file's name, or as much of its end as the server takes: the extension matters most.
std::string FileName(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  if (name.size() > kMaxFileName) name.erase(0, name.size() - kMaxFileName);
  // Protobuf strings are UTF-8, file names need not be.
  return google::protobuf::internal::IsStructurallyValidUTF8(name.data(), static_cast<int>(name.size())) ? name : "";
}

// Reads up to a chunk; an empty chunk at the end of the file.
absl::StatusOr<std::string> ReadChunk(const LocalFile& file, const std::string& path) {
  std::string chunk(kChunkBytes, '\0');
  ssize_t got;
  do {
    got = ::read(file.fd.get(), chunk.data(), chunk.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) return PosixError(errno, absl::StrCat("read ", path));
  chunk.resize(got);
  return chunk;
}

}  // namespace

absl::StatusOr<v1::UploadMediaResponse> Upload(v1::MediaService::StubInterface& stub, const std::string& path,
                                               const TransferProgress& progress) {
  SPOOL_ASSIGN_OR_RETURN(const LocalFile file, Open(path));

  grpc::ClientContext context;
  v1::UploadMediaResponse response;
  const std::unique_ptr<grpc::ClientWriterInterface<v1::UploadMediaRequest>> writer(
      stub.UploadMedia(&context, &response));

  v1::UploadMediaRequest header;
  header.mutable_header()->set_file_name(FileName(path));
  header.mutable_header()->set_size(file.bytes);
  bool open = writer->Write(header);

  int64_t done = 0;
  while (open) {
    absl::StatusOr<std::string> chunk = ReadChunk(file, path);
    if (!chunk.ok()) {
      context.TryCancel();
      writer->Finish();  // CANCELLED, by us: the file's error is the one to tell.
      return chunk.status();
    }
    if (chunk->empty()) break;
    done += static_cast<int64_t>(chunk->size());
    v1::UploadMediaRequest part;
    *part.mutable_chunk() = *std::move(chunk);
    open = writer->Write(part);
    if (open && progress) progress(done, file.bytes);
  }
  // A write that failed has its reason in the final status.
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) return FromGrpc(status);
  return response;
}

}  // namespace spool::client

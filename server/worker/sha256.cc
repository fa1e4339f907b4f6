#include "server/worker/sha256.h"

#include <errno.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "server/av/failure.h"

namespace spool::worker {
namespace {

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

void PrepareSha256() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  EVP_Digest("", 0, digest.data(), nullptr, EVP_sha256(), nullptr);
}

absl::StatusOr<std::string> Sha256OfFile(int fd) {
  std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  if (context == nullptr || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) {
    return av::Failure(av::Reason::kOutOfMemory, "no memory for a checksum");
  }
  std::vector<char> buffer(256 * 1024);
  for (off_t offset = 0;;) {
    const ssize_t got = pread(fd, buffer.data(), buffer.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return av::Failure(av::Reason::kIoError, "the output cannot be read back");
    if (got == 0) break;
    EVP_DigestUpdate(context.get(), buffer.data(), got);
    offset += got;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

}  // namespace spool::worker

// SHA-256, by OpenSSL.

#ifndef SPOOL_SERVER_BASE_SHA256_H_
#define SPOOL_SERVER_BASE_SHA256_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

struct evp_md_ctx_st;

namespace spool {

// Digest of what is added, piece by piece. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  void Add(absl::string_view bytes);
  // The 32 bytes; nothing may be added after it.
  std::string Finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// The 32 bytes of `bytes`' digest.
std::string Sha256Of(absl::string_view bytes);

// Whether two secrets are the same, in a time that tells only their lengths.
bool EqualInConstantTime(absl::string_view a, absl::string_view b);

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_SHA256_H_

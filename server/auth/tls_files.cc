#include "server/auth/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/status_macros.h"

namespace spool::auth {
namespace {

template <auto Fn>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    Fn(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Free<&BIO_free_all>>;
using CertificatePtr = std::unique_ptr<X509, Free<&X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<&EVP_PKEY_free>>;

BioPtr BioOf(const std::string& pem) { return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

// A key with a password would otherwise have OpenSSL ask at the terminal.
int NoPassword(char*, int, int, void*) { return 0; }

// The certificates of a PEM text; 0 if there is none, or one of them is broken.
std::vector<CertificatePtr> CertificatesOf(const std::string& pem) {
  std::vector<CertificatePtr> certificates;
  const BioPtr bio = BioOf(pem);
  for (;;) {
    CertificatePtr next(PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr));
    if (next == nullptr) break;
    certificates.push_back(std::move(next));
  }
  // The end is an error to OpenSSL: "no start line".
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) certificates.clear();
  return certificates;
}

absl::Status Wrong(absl::string_view flag, absl::string_view path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat("--", flag, "=", path, ": ", why));
}

absl::StatusOr<std::string> ReadFor(absl::string_view flag, const std::string& path, Readers readers) {
  absl::StatusOr<std::string> text = ReadConfigFile(path, readers);
  if (!text.ok()) return Wrong(flag, path, text.status().message());
  return text;
}

absl::StatusOr<TlsMaterial> Read(const TlsFiles::Paths& paths) {
  TlsMaterial material;
  SPOOL_ASSIGN_OR_RETURN(material.chain, ReadFor("tls_cert", paths.cert, Readers::kAnybody));
  SPOOL_ASSIGN_OR_RETURN(material.key, ReadFor("tls_key", paths.key, Readers::kNobodyElse));
  const std::vector<CertificatePtr> chain = CertificatesOf(material.chain);
  if (chain.empty()) return Wrong("tls_cert", paths.cert, "holds no certificate in PEM form, or a broken one");
  const BioPtr bio = BioOf(material.key);
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  if (key == nullptr) return Wrong("tls_key", paths.key, "holds no private key in PEM form without a password");
  const bool fit = X509_check_private_key(chain.front().get(), key.get()) == 1;
  ERR_clear_error();
  if (!fit) return Wrong("tls_key", paths.key, absl::StrCat("is not the key of the certificate in ", paths.cert));
  if (X509_cmp_current_time(X509_get0_notAfter(chain.front().get())) < 0) {
    LogWarning("the server's certificate has expired", {{"file", paths.cert}});
  }
  if (paths.client_ca.empty()) return material;
  SPOOL_ASSIGN_OR_RETURN(material.client_ca, ReadFor("tls_client_ca", paths.client_ca, Readers::kAnybody));
  if (CertificatesOf(material.client_ca).empty()) {
    return Wrong("tls_client_ca", paths.client_ca, "holds no certificate in PEM form, or a broken one");
  }
  return material;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsFiles>> TlsFiles::Open(Paths paths) {
  std::unique_ptr<TlsFiles> files(new TlsFiles(std::move(paths)));
  // In this order, so that a change in between is seen.
  files->StartWatching();
  SPOOL_RETURN_IF_ERROR(files->Reload());
  return files;
}

std::shared_ptr<const TlsMaterial> TlsFiles::current() const {
  MutexLock lock(&mu_);
  return current_;
}

absl::Status TlsFiles::Reload() {
  SPOOL_ASSIGN_OR_RETURN(TlsMaterial material, Read(paths_));
  MutexLock lock(&mu_);
  current_ = std::make_shared<const TlsMaterial>(std::move(material));
  return absl::OkStatus();
}

void TlsFiles::StartWatching() {
  std::vector<std::string> watched = {paths_.cert, paths_.key};
  if (!paths_.client_ca.empty()) watched.push_back(paths_.client_ca);
  watch_.emplace(std::move(watched), [this] {
    const absl::Status status = Reload();
    if (status.ok()) {
      LogInfo("certificates read again", {{"cert", paths_.cert}});
    } else {
      LogError("the certificates stay as they were", {{"error", status.message()}});
    }
  });
}

}  // namespace spool::auth

// This server's certificate and key, and whose certificates its clients must have.

#ifndef SPOOL_SERVER_AUTH_TLS_FILES_H_
#define SPOOL_SERVER_AUTH_TLS_FILES_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/auth/files.h"
#include "server/base/mutex.h"

namespace spool::auth {

// All of it PEM, and known to fit together.
struct TlsMaterial {
  // The server's certificate, then those between it and the root.
  std::string chain;
  std::string key;
  // Certificates that those of clients must come from; empty: clients need none.
  std::string client_ca;
};

// Reads the files again when they change (FileWatch). What is not as it should be, such as a new certificate beside the
// old key, keeps what was good and is logged: write both, in any order. Thread-safe.
class TlsFiles {
 public:
  struct Paths {
    std::string cert;
    std::string key;
    std::string client_ca;  // may be empty
  };
  // FailedPrecondition says which file is wrong, by its flag, and why: it cannot be read, is no PEM, others may read
  // the key, or key and certificate do not belong together.
  static absl::StatusOr<std::unique_ptr<TlsFiles>> Open(Paths paths);

  // Another object after each change that was good.
  std::shared_ptr<const TlsMaterial> current() const;
  // Reads the files now. As Open; an error changes nothing.
  absl::Status Reload();

 private:
  explicit TlsFiles(Paths paths) : paths_(std::move(paths)) {}
  void StartWatching();

  const Paths paths_;
  mutable Mutex mu_;
  std::shared_ptr<const TlsMaterial> current_ ABSL_GUARDED_BY(mu_);
  // Ends before everything that it uses.
  std::optional<FileWatch> watch_;
};

}  // namespace spool::auth

#endif  // SPOOL_SERVER_AUTH_TLS_FILES_H_

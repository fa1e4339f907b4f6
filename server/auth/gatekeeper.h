// Who calls: bearer tokens, as a file lists them.

#ifndef SPOOL_SERVER_AUTH_GATEKEEPER_H_
#define SPOOL_SERVER_AUTH_GATEKEEPER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/auth/caller.h"
#include "server/base/clock.h"

namespace spool::auth {

// Knows tokens again by their hashes. Looks once a second whether the file has changed (its size, times or inode), and
// reads it anew then. A file that is not as it should be keeps the tokens that were good, and is logged. Thread-safe.
class Gatekeeper {
 public:
  // The file's form is that of token_line.h. An empty name: no tokens, everybody may do everything. FailedPrecondition
  // says what is wrong: it cannot be read, others than its owner and group may read or write it, or a line is wrong.
  static absl::StatusOr<std::unique_ptr<Gatekeeper>> Open(const std::string& token_file, const Clock* clock);
  virtual ~Gatekeeper() = default;

  // No tokens are configured.
  virtual bool open() const = 0;
  // The caller that an Authorization header, "Bearer TOKEN", stands for; empty when there was none. Always Everything()
  // when open(). UNAUTHENTICATED: TOKEN_MISSING, TOKEN_UNKNOWN, TOKEN_EXPIRED.
  virtual absl::StatusOr<Caller> Identify(absl::string_view authorization) const = 0;
  // Reads the file now. Calls under way whose tokens are gone from it, or grant something else now, are told by
  // Caller::Standing. As Open; an error changes nothing.
  virtual absl::Status Reload() = 0;

 protected:
  // For implementations.
  static Caller CallerOf(std::shared_ptr<const Grant> grant) { return Caller(std::move(grant)); }
};

}  // namespace spool::auth

#endif  // SPOOL_SERVER_AUTH_GATEKEEPER_H_

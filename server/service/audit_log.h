// Who changed what: a line for every call that writes, whatever came of it.

#ifndef SPOOL_SERVER_SERVICE_AUDIT_LOG_H_
#define SPOOL_SERVER_SERVICE_AUDIT_LOG_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "server/auth/caller.h"
#include "server/base/mutex.h"
#include "server/base/unique_fd.h"
#include "server/service/done.h"

namespace spool::service {

// What a call was about: ids of jobs, or of an upload. Asked when the call is over.
using AuditedIds = absl::AnyInvocable<std::vector<std::string>()>;

// A line is written, with one write(2), before its call is answered: what a caller was told of is in the file even if
// the server is killed at once (though not if the machine loses power). A file that cannot be written does not stop the
// server; it is logged as an error, once until writing works again. Thread-safe.
class AuditLog {
 public:
  // Lines of JSON, appended to a file that only its owner can read. FailedPrecondition: it cannot be opened.
  static absl::StatusOr<std::unique_ptr<AuditLog>> ToFile(const std::string& path);
  // Entries of the server's log.
  static std::unique_ptr<AuditLog> ToLog();
  static std::unique_ptr<AuditLog> Off();

  // A Done that writes the line of this call and then calls `done`.
  Done Follow(const auth::Caller& caller, const google::protobuf::MethodDescriptor& method, AuditedIds ids, Done done);
  // Writes the line of a call that is over. At most 100 ids are in one line; more take several.
  void Record(const auth::Caller& caller, const google::protobuf::MethodDescriptor& method,
              const std::vector<std::string>& ids, const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);
  // Goes on in a file of the same name, which was moved away or not. An error goes on in the old one.
  absl::Status Reopen() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  enum class Where { kFile, kLog, kNowhere };
  AuditLog(Where where, std::string path) : where_(where), path_(std::move(path)) {}
  void Append(const std::string& line) ABSL_LOCKS_EXCLUDED(mu_);

  const Where where_;
  const std::string path_;
  Mutex mu_;
  UniqueFd file_ ABSL_GUARDED_BY(mu_);
  bool failing_ ABSL_GUARDED_BY(mu_) = false;
};

// The line of a file, with its newline. `time` is RFC 3339.
std::string FormatAuditLine(absl::string_view time, const auth::Caller& caller, absl::string_view method,
                            absl::Span<const std::string> ids, const absl::Status& status);

}  // namespace spool::service

#endif  // SPOOL_SERVER_SERVICE_AUDIT_LOG_H_

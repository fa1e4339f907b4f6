// For whom a call is made, and what it may do.

#ifndef SPOOL_SERVER_AUTH_CALLER_H_
#define SPOOL_SERVER_AUTH_CALLER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "server/auth/scope.h"
#include "spool/v1/event.pb.h"
#include "spool/v1/job.pb.h"
#include "spool/v1/job_service.pb.h"

namespace spool::auth {

struct Grant;

// What a token grants, and from where the call came. Cheap to copy. Immutable, but that its token may be revoked or
// expire meanwhile (Standing). Made by a Gatekeeper. Thread-safe.
//
// A token may be *limited* to jobs with certain labels and video ids. Its caller sees no other job: not in answers, not
// in lists, not in streams. Left in the open are the figures that all share: sequences of the log, places in the queue.
class Caller {
 public:
  // Without tokens everybody may do everything. Its name is "anyone".
  static Caller Everything();

  // The same caller, who calls from `peer` (an address as the door has it), for the audit log.
  Caller From(std::string peer) const;

  const std::string& name() const;
  const std::string& peer() const { return peer_; }

  bool Can(Scope scope) const;
  // PERMISSION_DENIED (SCOPE_TOO_SMALL).
  absl::Status Check(const google::protobuf::MethodDescriptor& method) const;
  // Whether the token is still what it was: for calls that take long. UNAUTHENTICATED (TOKEN_REVOKED, TOKEN_EXPIRED);
  // UNAVAILABLE (TOKEN_CHANGED) when it now grants something else, so that the call should be made again.
  absl::Status Standing() const;

  bool limited() const;
  // Whether the job is within the limit.
  bool MaySee(const v1::Job& job) const;
  // Whether jobs of this caller may read or write the file at `path`, a plain relative path under one of the roots.
  bool MayName(absl::string_view path) const;
  // Leaves of what the filter matches what is within the limit; that may be nothing.
  void Narrow(v1::EventFilter* filter) const;
  void Narrow(v1::JobFilter* filter) const;

 private:
  friend class Gatekeeper;
  explicit Caller(std::shared_ptr<const Grant> grant) : grant_(std::move(grant)) {}

  std::shared_ptr<const Grant> grant_;
  std::string peer_;
};

// PERMISSION_DENIED (OUTSIDE_LIMIT): a limited token, and a request whose `field` is not for it.
absl::Status OutsideLimit(absl::string_view field, absl::string_view why);

}  // namespace spool::auth

#endif  // SPOOL_SERVER_AUTH_CALLER_H_

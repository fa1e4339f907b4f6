// What a method needs its caller to be allowed.

#ifndef SPOOL_SERVER_AUTH_SCOPE_H_
#define SPOOL_SERVER_AUTH_SCOPE_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace spool::auth {

// Each includes the ones before it.
enum class Scope { kPublic, kRead, kWrite, kAdmin };

// "public", "read", "write", "admin".
absl::string_view NameOf(Scope scope);
// nullopt for what NameOf does not say, and for "public", which nobody needs a token for.
std::optional<Scope> ScopeOfName(absl::string_view name);

// As the method's own option says (spool/v1/access.proto). A method without one needs kAdmin: what was forgotten is
// shut, not open. Of those that are not ours: health is public, because those who ask (load balancers, service
// managers) hold no secrets and learn one bit; reflection needs kRead, so that a stranger's streams cost nothing.
Scope RequiredScope(const google::protobuf::MethodDescriptor& method);

// A method of ours by its full name, "spool.v1.JobService.Enqueue". It must exist.
const google::protobuf::MethodDescriptor& MethodNamed(absl::string_view full_name);

}  // namespace spool::auth

#endif  // SPOOL_SERVER_AUTH_SCOPE_H_

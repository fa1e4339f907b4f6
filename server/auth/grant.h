// What a token grants; shared by its callers.

#ifndef SPOOL_SERVER_AUTH_GRANT_H_
#define SPOOL_SERVER_AUTH_GRANT_H_

#include <atomic>

#include "absl/time/time.h"
#include "server/auth/scope.h"
#include "server/auth/token.pb.h"
#include "server/base/clock.h"

namespace spool::auth {

struct Grant {
  Token token;
  Scope scope = Scope::kPublic;
  absl::Time expires_at = absl::InfiniteFuture();
  const Clock* clock = nullptr;
  // What the token file says of it by now.
  enum class State { kGood, kChanged, kRevoked };
  mutable std::atomic<State> state{State::kGood};
};

}  // namespace spool::auth

#endif  // SPOOL_SERVER_AUTH_GRANT_H_

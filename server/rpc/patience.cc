#include "server/rpc/patience.h"

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/time/clock.h"
#include "server/base/mutex.h"

namespace spool::rpc {

struct Patience::State {
  Mutex mu;
  grpc::ServerContext* context ABSL_GUARDED_BY(mu);  // null: nobody waits any more
};

Patience::Patience(grpc::ServerContext* context, absl::Duration longest) : state_(std::make_shared<State>()) {
  {
    MutexLock lock(&state_->mu);
    state_->context = context;
  }
  alarm_.Set(absl::ToChronoTime(absl::Now() + longest), [state = state_](bool over) {
    MutexLock lock(&state->mu);
    if (over && state->context != nullptr) state->context->TryCancel();
  });
}

Patience::~Patience() {
  MutexLock lock(&state_->mu);
  state_->context = nullptr;
}

}  // namespace spool::rpc

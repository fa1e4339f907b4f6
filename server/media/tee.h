// One decoder's frames for several outputs.

#ifndef SPOOL_SERVER_MEDIA_TEE_H_
#define SPOOL_SERVER_MEDIA_TEE_H_

#include <deque>
#include <memory>
#include <optional>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "server/base/mutex.h"
#include "server/media/stage.h"

namespace spool::media {

// Whoever wants a frame that no one has pulled yet pulls it for all. Frames are shared, not copied.
class Tee : public std::enable_shared_from_this<Tee> {
 public:
  // Whether the branches are pulled by threads of their own. If so, one that is far ahead waits for the others, so
  // that no more than some frames lie in memory; a single thread would wait for itself.
  enum class Pace { kFree, kTogether };

  static std::shared_ptr<Tee> Create(std::unique_ptr<FrameSource> source, Pace pace) {
    return std::shared_ptr<Tee>(new Tee(std::move(source), pace));
  }

  // All before the first pull. A branch that is destroyed holds up no one.
  std::unique_ptr<FrameSource> Branch();

 private:
  class BranchSource;

  Tee(std::unique_ptr<FrameSource> source, Pace pace) : pace_(pace), source_(std::move(source)) {}
  absl::StatusOr<Pulled<av::FramePtr>> Next(BranchSource* branch);
  void Leave(BranchSource* branch);
  bool OthersKeepUp(const BranchSource* branch) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Share(const av::FramePtr& frame) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // What a pull brought, to all. True if it was NotYet.
  bool Take(absl::StatusOr<Pulled<av::FramePtr>> pulled) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Pace pace_;
  // Whoever set `pulling_` has it to himself.
  const std::unique_ptr<FrameSource> source_;
  Mutex mu_;
  bool pulling_ ABSL_GUARDED_BY(mu_) = false;
  std::set<BranchSource*> branches_ ABSL_GUARDED_BY(mu_);
  // How the source ended.
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_TEE_H_

#include "server/media/tee.h"

#include <algorithm>
#include <utility>

#include "server/av/failure.h"

namespace spool::media {
namespace {

constexpr size_t kMostAhead = 12;

}  // namespace

class Tee::BranchSource : public FrameSource {
 public:
  explicit BranchSource(std::shared_ptr<Tee> tee) : tee_(std::move(tee)) {}
  ~BranchSource() override { tee_->Leave(this); }
  absl::StatusOr<Pulled<av::FramePtr>> Next() override { return tee_->Next(this); }

  // The tee's mutex guards it.
  std::deque<av::FramePtr> frames;

 private:
  const std::shared_ptr<Tee> tee_;
};

std::unique_ptr<FrameSource> Tee::Branch() {
  auto branch = std::make_unique<BranchSource>(shared_from_this());
  MutexLock lock(&mu_);
  branches_.insert(branch.get());
  return branch;
}

void Tee::Leave(BranchSource* branch) {
  MutexLock lock(&mu_);
  branches_.erase(branch);
}

bool Tee::OthersKeepUp(const BranchSource* branch) const {
  return pace_ == Pace::kFree || std::all_of(branches_.begin(), branches_.end(), [branch](const BranchSource* other) {
           return other == branch || other->frames.size() < kMostAhead;
         });
}

absl::Status Tee::Share(const av::FramePtr& frame) {
  for (BranchSource* branch : branches_) {
    av::FramePtr copy(av_frame_clone(frame.get()));
    if (copy == nullptr) return av::Failure(av::Reason::kOutOfMemory, "no memory for a frame");
    branch->frames.push_back(std::move(copy));
  }
  return absl::OkStatus();
}

bool Tee::Take(absl::StatusOr<Pulled<av::FramePtr>> pulled) {
  if (!pulled.ok()) {
    end_ = pulled.status();
  } else if (std::holds_alternative<End>(*pulled)) {
    end_ = absl::OkStatus();
  } else if (std::holds_alternative<NotYet>(*pulled)) {
    return true;
  } else if (absl::Status shared = Share(std::get<av::FramePtr>(*pulled)); !shared.ok()) {
    // Some have it and some have not: there is no going on.
    end_ = std::move(shared);
  }
  return false;
}

absl::StatusOr<Pulled<av::FramePtr>> Tee::Next(BranchSource* branch) {
  for (;;) {
    {
      MutexLock lock(&mu_);
      const auto ready = [this, branch]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
        return !branch->frames.empty() || end_.has_value() || (!pulling_ && OthersKeepUp(branch));
      };
      mu_.Await(Condition(&ready));
      if (!branch->frames.empty()) {
        av::FramePtr frame = std::move(branch->frames.front());
        branch->frames.pop_front();
        return frame;
      }
      if (end_.has_value()) {
        if (!end_->ok()) return *end_;
        return End{};
      }
      pulling_ = true;
    }
    // Without the lock: the others drain what they have meanwhile.
    absl::StatusOr<Pulled<av::FramePtr>> pulled = source_->Next();
    MutexLock lock(&mu_);
    pulling_ = false;
    if (Take(std::move(pulled))) return NotYet{};
  }
}

}  // namespace spool::media

// A stage that lets the stages before it run ahead, on a thread of its own.

#ifndef SPOOL_SERVER_MEDIA_THREAD_STAGE_H_
#define SPOOL_SERVER_MEDIA_THREAD_STAGE_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "server/base/mutex.h"
#include "server/media/stage.h"

namespace spool::media {

// Source is PacketSource or FrameSource. The thread starts with the first pull and ends with this, or at the end.
template <typename Source, typename Item>
class ThreadStage : public Source {
 public:
  // Holds up to `most` items.
  ThreadStage(std::unique_ptr<Source> source, size_t most) : most_(most), source_(std::move(source)) {}

  ~ThreadStage() override {
    {
      MutexLock lock(&mu_);
      stopping_ = true;
    }
    if (thread_.joinable()) thread_.join();
  }

  absl::StatusOr<Pulled<Item>> Next() override {
    if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
    MutexLock lock(&mu_);
    const auto filled = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return !queue_.empty(); };
    mu_.Await(Condition(&filled));
    absl::StatusOr<Pulled<Item>> next = std::move(queue_.front());
    queue_.pop_front();
    return next;
  }

 private:
  void Run() {
    for (bool more = true; more;) {
      absl::StatusOr<Pulled<Item>> next = source_->Next();
      more = next.ok() && !std::holds_alternative<End>(*next);
      MutexLock lock(&mu_);
      const auto wanted = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return queue_.size() < most_ || stopping_; };
      mu_.Await(Condition(&wanted));
      if (stopping_) return;
      queue_.push_back(std::move(next));
    }
  }

  const size_t most_;
  const std::unique_ptr<Source> source_;
  std::thread thread_;
  Mutex mu_;
  std::deque<absl::StatusOr<Pulled<Item>>> queue_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
};

using FrameThread = ThreadStage<FrameSource, av::FramePtr>;
using PacketThread = ThreadStage<PacketSource, av::PacketPtr>;

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_THREAD_STAGE_H_

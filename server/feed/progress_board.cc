#include "server/feed/progress_board.h"

#include "server/base/mutex.h"

namespace spool::feed {

void ProgressBoard::Open(const v1::Job& job) {
  MutexLock lock(&mu_);
  entries_[job.id()] = Entry{job, {}, 0};
}

void ProgressBoard::Post(absl::string_view job_id, const v1::JobProgress& progress) {
  MutexLock lock(&mu_);
  const auto entry = entries_.find(job_id);
  if (entry == entries_.end()) return;
  entry->second.progress = progress;
  entry->second.version = ++version_;
}

void ProgressBoard::Close(absl::string_view job_id) {
  MutexLock lock(&mu_);
  entries_.erase(job_id);
}

std::optional<v1::JobProgress> ProgressBoard::Latest(absl::string_view job_id) const {
  MutexLock lock(&mu_);
  const auto entry = entries_.find(job_id);
  if (entry == entries_.end() || entry->second.version == 0) return std::nullopt;
  return entry->second.progress;
}

int64_t ProgressBoard::version() const {
  MutexLock lock(&mu_);
  return version_;
}

std::vector<v1::ProgressSample> ProgressBoard::Since(int64_t& seen,
                                                     absl::FunctionRef<bool(const v1::Job&)> wanted) const {
  std::vector<v1::ProgressSample> samples;
  MutexLock lock(&mu_);
  for (const auto& [id, entry] : entries_) {
    if (entry.version <= seen || !wanted(entry.job)) continue;
    v1::ProgressSample& sample = samples.emplace_back();
    sample.set_job_id(id);
    sample.set_video_id(entry.job.video_id());
    *sample.mutable_progress() = entry.progress;
  }
  seen = version_;
  return samples;
}

}  // namespace spool::feed

#include "server/notify/job_order.h"

namespace spool::notify {

void JobOrder::Add(int64_t id, const std::string& job_id, absl::Time due) {
  if (!jobs_of_.emplace(id, job_id).second) return;
  Job& job = jobs_[job_id];
  job.line.push_back({id, due});
  if (job.line.size() == 1) Offer(job);
}

std::vector<int64_t> JobOrder::Take(absl::Time now) {
  if (under_way_ >= max_in_flight_ || heads_.empty() || heads_.begin()->first > now) return {};
  const int64_t id = heads_.begin()->second;
  heads_.erase(heads_.begin());
  jobs_[jobs_of_[id]].under_way = true;
  ++under_way_;
  return {id};
}

void JobOrder::Done(const std::vector<int64_t>& ids, End, absl::Time) {
  for (const int64_t id : ids) {
    const auto found = jobs_of_.find(id);
    if (found == jobs_of_.end()) continue;
    const auto job = jobs_.find(found->second);
    if (job->second.under_way && job->second.line.front().id == id) {
      job->second.under_way = false;
      --under_way_;
      job->second.line.pop_front();
      if (job->second.line.empty()) {
        jobs_.erase(job);
      } else {
        Offer(job->second);
      }
    }
    jobs_of_.erase(found);
  }
}

void JobOrder::PutBack(int64_t id, absl::Time due) {
  const auto found = jobs_of_.find(id);
  if (found == jobs_of_.end()) return;
  Job& job = jobs_[found->second];
  if (!job.under_way || job.line.front().id != id) return;
  job.under_way = false;
  --under_way_;
  job.line.front().due = due;
  Offer(job);
}

void JobOrder::MakeDue(int64_t id) {
  const auto found = jobs_of_.find(id);
  if (found == jobs_of_.end()) return;
  Job& job = jobs_[found->second];
  const bool offered = !job.under_way && job.line.front().id == id;
  if (offered) Withdraw(job);
  for (Waiting& waiting : job.line) {
    if (waiting.id == id) waiting.due = absl::InfinitePast();
  }
  if (offered) Offer(job);
}

absl::Time JobOrder::NextDue(absl::Time) const {
  if (under_way_ >= max_in_flight_ || heads_.empty()) return absl::InfiniteFuture();
  return heads_.begin()->first;
}

}  // namespace spool::notify

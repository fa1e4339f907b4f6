#include "server/notify/mail_budget.h"

#include <algorithm>

namespace spool::notify {
namespace {

constexpr absl::Duration kHour = absl::Hours(1);
// Events in one digest.
constexpr size_t kMaxDigest = 1000;

}  // namespace

MailBudget::MailBudget(int max_per_hour, int digest_from, std::vector<absl::Time> taken)
    : max_per_hour_(max_per_hour), digest_from_(digest_from), taken_(taken.begin(), taken.end()) {}

void MailBudget::Add(int64_t id, const std::string&, absl::Time due) {
  // Of one that failed before a restart, the others wait for it as they did.
  if (waiting_.insert(id).second) not_before_ = std::max(not_before_, due);
}

std::vector<int64_t> MailBudget::Take(absl::Time now) {
  if (waiting_.empty() || NextDue(now) > now) return {};
  while (!taken_.empty() && taken_.front() <= now - kHour) taken_.pop_front();
  const bool last = static_cast<int>(taken_.size()) + 1 == max_per_hour_;
  const bool digest = last || static_cast<int>(waiting_.size()) >= digest_from_;
  std::vector<int64_t> ids;
  while (!waiting_.empty() && ids.size() < (digest ? kMaxDigest : 1)) {
    ids.push_back(*waiting_.begin());
    waiting_.erase(waiting_.begin());
  }
  under_way_.insert(ids.begin(), ids.end());
  return ids;
}

void MailBudget::Done(const std::vector<int64_t>& ids, End end, absl::Time now) {
  for (const int64_t id : ids) {
    under_way_.erase(id);
    waiting_.erase(id);
  }
  if (end == End::kDelivered) taken_.push_back(now);
}

void MailBudget::PutBack(int64_t id, absl::Time due) {
  if (under_way_.erase(id) == 0) return;
  waiting_.insert(id);
  not_before_ = std::max(not_before_, due);
}

void MailBudget::MakeDue(int64_t) { not_before_ = absl::InfinitePast(); }

absl::Time MailBudget::NextDue(absl::Time now) const {
  if (waiting_.empty() || !under_way_.empty()) return absl::InfiniteFuture();
  // Those that are older than an hour may still be in the list.
  const auto recent = std::find_if(taken_.begin(), taken_.end(), [&](absl::Time at) { return at > now - kHour; });
  const auto count = taken_.end() - recent;
  if (count < max_per_hour_) return not_before_;
  return std::max(not_before_, *(recent + (count - max_per_hour_)) + kHour);
}

}  // namespace spool::notify

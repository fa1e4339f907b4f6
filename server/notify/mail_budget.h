// So many mails an hour, and one for many events when there are many.

#ifndef SPOOL_SERVER_NOTIFY_MAIL_BUDGET_H_
#define SPOOL_SERVER_NOTIFY_MAIL_BUDGET_H_

#include <deque>
#include <set>
#include <vector>

#include "server/notify/schedule.h"

namespace spool::notify {

// One mail at a time, in order. Within any hour at most `max_per_hour` are taken by their receiver. A mail is about one
// event, or about all that wait: when `digest_from` or more do, and when it is the hour's last. A failed one holds back
// the rest, as it is the server that fails.
class MailBudget : public Schedule {
 public:
  // `taken`: when the last hour's mails were taken, in order.
  MailBudget(int max_per_hour, int digest_from, std::vector<absl::Time> taken);

  void Add(int64_t id, const std::string& job_id, absl::Time due) override;
  std::vector<int64_t> Take(absl::Time now) override;
  void Done(const std::vector<int64_t>& ids, End end, absl::Time now) override;
  void PutBack(int64_t id, absl::Time due) override;
  void MakeDue(int64_t id) override;
  absl::Time NextDue(absl::Time now) const override;
  int size() const override { return static_cast<int>(waiting_.size() + under_way_.size()); }
  int under_way() const override { return static_cast<int>(under_way_.size()); }

 private:
  const int max_per_hour_;
  const int digest_from_;
  std::deque<absl::Time> taken_;
  std::set<int64_t> waiting_;
  std::set<int64_t> under_way_;
  absl::Time not_before_ = absl::InfinitePast();
};

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_MAIL_BUDGET_H_

// One message for each event, in order within a job.

#ifndef SPOOL_SERVER_NOTIFY_JOB_ORDER_H_
#define SPOOL_SERVER_NOTIFY_JOB_ORDER_H_

#include <deque>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "server/notify/schedule.h"

namespace spool::notify {

// Of each job only the first delivery is ever tried: while it waits for another attempt, later ones of its job wait
// with it, and those of other jobs do not. At most `max_in_flight` are under way.
class JobOrder : public Schedule {
 public:
  explicit JobOrder(int max_in_flight) : max_in_flight_(max_in_flight) {}

  void Add(int64_t id, const std::string& job_id, absl::Time due) override;
  std::vector<int64_t> Take(absl::Time now) override;
  void Done(const std::vector<int64_t>& ids, End end, absl::Time now) override;
  void PutBack(int64_t id, absl::Time due) override;
  void MakeDue(int64_t id) override;
  absl::Time NextDue(absl::Time now) const override;
  int size() const override { return static_cast<int>(jobs_of_.size()); }
  int under_way() const override { return under_way_; }

 private:
  struct Waiting {
    int64_t id;
    absl::Time due;
  };
  struct Job {
    std::deque<Waiting> line;
    bool under_way = false;  // the first of the line
  };

  // The first of the line may be taken once it is due.
  void Offer(const Job& job) { heads_.emplace(job.line.front().due, job.line.front().id); }
  void Withdraw(const Job& job) { heads_.erase({job.line.front().due, job.line.front().id}); }

  const int max_in_flight_;
  int under_way_ = 0;
  absl::flat_hash_map<std::string, Job> jobs_;
  absl::flat_hash_map<int64_t, std::string> jobs_of_;
  std::set<std::pair<absl::Time, int64_t>> heads_;
};

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_JOB_ORDER_H_

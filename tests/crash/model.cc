#include "tests/crash/model.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace spool::testing {
namespace {

bool IsTerminal(const v1::Event& event) { return event.has_completed() || event.has_failed() || event.has_cancelled(); }

bool IsRetried(const v1::Event& event) {
  return event.has_queued() && event.queued().reason() == v1::QUEUED_REASON_RETRIED;
}

bool IsCancel(const v1::Event& event) { return event.has_cancelled() || event.has_cancel_requested(); }

// How often something was asked for and answered, or asked for and not.
struct Asked {
  int done = 0;
  int was_so = 0;
  int unknown = 0;
};

// One job's story, read forward.
class Story {
 public:
  // What is wrong with this event after those before; empty: nothing.
  std::string Add(const v1::Event& event) {
    std::string wrong;
    if (event.job_revision() != revision_ + 1) wrong = absl::StrCat("revision does not follow ", revision_);
    revision_ = event.job_revision();
    if (deleted_) return "something follows DELETED";
    if (event.has_deleted()) {
      deleted_ = true;
      return terminal_ ? wrong : "deleted while not terminal";
    }
    if (completed_) wrong = "something follows COMPLETED";
    if (terminal_ && !IsRetried(event)) wrong = "a terminal state changed without a retry";
    if (event.has_started() && running_) wrong = "a second lease while there is one";
    if (event.has_completed() && !running_) wrong = "completed while not running";
    running_ = event.has_started() || (running_ && event.has_cancel_requested());
    terminal_ = IsTerminal(event);
    completed_ = event.has_completed();
    retried_ += IsRetried(event) ? 1 : 0;
    cancels_ += IsCancel(event) ? 1 : 0;
    return wrong;
  }
  int retried() const { return retried_; }
  int cancels() const { return cancels_; }
  bool deleted() const { return deleted_; }

 private:
  int64_t revision_ = 0;
  bool running_ = false;
  bool terminal_ = false;
  bool completed_ = false;
  bool deleted_ = false;
  int retried_ = 0;
  int cancels_ = 0;
};

}  // namespace

Model::Call Model::Invoke(Kind kind, const std::string& job_id) {
  absl::MutexLock lock(&mu_);
  if (kind == Kind::kEnqueue) jobs_.push_back(job_id);
  records_.push_back({kind, job_id, acknowledged_.count(job_id) > 0});
  return records_.size() - 1;
}

void Model::Settle(Call call, Outcome outcome, const v1::Job* job, absl::string_view reason) {
  absl::MutexLock lock(&mu_);
  Record& record = records_[call];
  record.outcome = outcome;
  record.answered = records_.size();
  record.reason = std::string(reason);
  if (job == nullptr) return;
  if (record.kind == Kind::kEnqueue) enqueued_.push_back(record.job_id);
  record.sequence = job->sequence();
  record.revision = job->revision();
  record.state = job->state();
  acknowledged_.insert(record.job_id);
}

void Model::Done(Call call, const v1::Job& job) { Settle(call, Outcome::kDone, &job, ""); }

void Model::WasSo(Call call, const v1::Job& job) { Settle(call, Outcome::kWasSo, &job, ""); }

void Model::Deleted(Call call) { Settle(call, Outcome::kDone, nullptr, ""); }

void Model::Refused(Call call, absl::string_view reason) { Settle(call, Outcome::kRefused, nullptr, reason); }

std::string Model::AnyJob(size_t pick) const {
  absl::MutexLock lock(&mu_);
  if (jobs_.empty()) return "";
  // The newest ones are where something happens.
  const size_t window = std::min<size_t>(jobs_.size(), 60);
  return jobs_[jobs_.size() - 1 - pick % window];
}

std::string Model::AnyEnqueuedJob(size_t pick) const {
  absl::MutexLock lock(&mu_);
  return enqueued_.empty() ? "" : enqueued_[pick % enqueued_.size()];
}

std::set<std::string> Model::AcknowledgedJobs() const {
  absl::MutexLock lock(&mu_);
  return acknowledged_;
}

size_t Model::calls() const {
  absl::MutexLock lock(&mu_);
  return records_.size();
}

std::vector<std::string> Model::Judge(const std::vector<v1::Event>& log) const {
  absl::MutexLock lock(&mu_);
  std::vector<std::string> wrong;
  std::map<std::string, Story> stories;
  for (const v1::Event& event : log) {
    if (const std::string what = stories[event.job_id()].Add(event); !what.empty()) {
      wrong.push_back(absl::StrCat(what, ": ", event.ShortDebugString()));
    }
  }

  std::map<std::string, std::map<Kind, Asked>> asked;
  for (const Record& record : records_) {
    Asked& counts = asked[record.job_id][record.kind];
    const std::string about = absl::StrCat("job ", record.job_id, ", answered revision ", record.revision);
    if (record.outcome == Outcome::kUnknown) ++counts.unknown;
    if (record.outcome == Outcome::kDone) ++counts.done;
    if (record.outcome == Outcome::kWasSo) ++counts.was_so;
    if (record.outcome != Outcome::kDone && record.outcome != Outcome::kWasSo) continue;
    if (record.kind == Kind::kDelete) continue;
    if (record.sequence < 1 || record.sequence > static_cast<int64_t>(log.size())) {
      wrong.push_back(absl::StrCat(about, ": its event ", record.sequence, " is not in the log"));
      continue;
    }
    const v1::Event& event = log[record.sequence - 1];
    if (event.job_id() != record.job_id || event.job_revision() != record.revision || event.state() != record.state) {
      wrong.push_back(absl::StrCat(about, ": the log has instead ", event.ShortDebugString()));
      continue;
    }
    if (record.outcome != Outcome::kDone) continue;
    const bool is_the_effect = record.kind == Kind::kEnqueue ? record.revision == 1
                               : record.kind == Kind::kRetry ? IsRetried(event)
                                                             : IsCancel(event);
    if (!is_the_effect)
      wrong.push_back(absl::StrCat(about, ": that is not what was asked: ", event.ShortDebugString()));
  }

  for (const auto& [id, kinds] : asked) {
    const auto counts = [kinds = &kinds](Kind kind) {
      const auto found = kinds->find(kind);
      return found == kinds->end() ? Asked() : found->second;
    };
    const Asked enqueues = counts(Kind::kEnqueue), retries = counts(Kind::kRetry);
    if (enqueues.done > 1) wrong.push_back(absl::StrCat("job ", id, " was created ", enqueues.done, " times"));
    const auto story = stories.find(id);
    const int retried = story == stories.end() ? 0 : story->second.retried();
    if (retried < retries.done || retried > retries.done + retries.unknown) {
      wrong.push_back(absl::StrCat("job ", id, " was retried ", retried, " times; answered were ", retries.done,
                                   ", unanswered ", retries.unknown));
    }
    const Asked cancels = counts(Kind::kCancel);
    if (story != stories.end() && story->second.cancels() > 0 && cancels.done + cancels.was_so + cancels.unknown == 0) {
      wrong.push_back(absl::StrCat("job ", id, " was cancelled, and nobody had asked for it"));
    }
    const Asked deletions = counts(Kind::kDelete);
    const int deleted = story != stories.end() && story->second.deleted() ? 1 : 0;
    if (deleted < deletions.done || deleted > deletions.done + deletions.unknown) {
      wrong.push_back(absl::StrCat("job ", id, " was deleted ", deleted, " times; answered were ", deletions.done,
                                   ", unanswered ", deletions.unknown));
    }
  }
  std::set<std::string> deleted;
  for (const auto& [id, story] : stories) {
    if (asked.count(id) == 0) wrong.push_back(absl::StrCat("job ", id, " is in the log, and nobody had asked for it"));
    if (story.deleted()) deleted.insert(id);
  }
  JudgeDeletions(deleted, wrong);
  return wrong;
}

void Model::JudgeDeletions(const std::set<std::string>& deleted_in_log, std::vector<std::string>& wrong) const {
  // By job: the first deletion that was asked for, and the number of calls when one was answered.
  std::map<std::string, size_t> asked, answered;
  for (size_t call = 0; call < records_.size(); ++call) {
    const Record& record = records_[call];
    if (record.kind != Kind::kDelete || record.outcome == Outcome::kRefused) continue;
    asked.emplace(record.job_id, call);
    if (record.outcome == Outcome::kDone) answered.emplace(record.job_id, record.answered);
  }
  for (size_t call = 0; call < records_.size(); ++call) {
    const Record& record = records_[call];
    const std::string about = absl::StrCat("call ", call, " about job ", record.job_id);
    if (record.outcome == Outcome::kRefused && record.reason == "JOB_NOT_FOUND" && record.after_acknowledgement) {
      const auto deletion = asked.find(record.job_id);
      const bool may_be_gone =
          deleted_in_log.count(record.job_id) > 0 && deletion != asked.end() && deletion->second < record.answered;
      if (!may_be_gone) wrong.push_back(absl::StrCat(about, ": acknowledged, then not found"));
    }
    if (record.outcome != Outcome::kDone && record.outcome != Outcome::kWasSo) continue;
    const auto gone = answered.find(record.job_id);
    if (gone != answered.end() && call >= gone->second) {
      wrong.push_back(absl::StrCat(about, ": was answered after the job's deletion"));
    }
  }
}

}  // namespace spool::testing

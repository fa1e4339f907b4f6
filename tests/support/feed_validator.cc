#include "tests/support/feed_validator.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"

namespace spool::testing {
namespace {

absl::Status Broken(absl::string_view promise, const v1::WatchEventsResponse& response) {
  return absl::FailedPreconditionError(absl::StrCat(promise, ": ", response.ShortDebugString().substr(0, 1000)));
}

template <typename Repeated, typename Value>
bool Allows(const Repeated& wanted, const Value& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

using Labels = google::protobuf::Map<std::string, std::string>;

bool HasLabels(const Labels& wanted, const Labels& labels) {
  for (const auto& [key, value] : wanted) {
    const auto label = labels.find(key);
    if (label == labels.end() || label->second != value) return false;
  }
  return true;
}

}  // namespace

bool Matches(const v1::EventFilter& filter, const v1::Event& event) {
  return Allows(filter.job_ids(), event.job_id()) && Allows(filter.video_ids(), event.video_id()) &&
         Allows(filter.types(), event.type()) && Allows(filter.states(), event.state()) &&
         HasLabels(filter.labels(), event.labels());
}

bool Matches(const v1::EventFilter& filter, const v1::Job& job) {
  return Allows(filter.job_ids(), job.id()) && Allows(filter.video_ids(), job.video_id()) &&
         Allows(filter.states(), job.state()) && HasLabels(filter.labels(), job.labels());
}

FeedValidator::FeedValidator(v1::WatchEventsRequest request)
    : request_(std::move(request)),
      whole_jobs_(request_.filter().types().empty() && request_.filter().states().empty()),
      whole_log_(request_.filter().ByteSizeLong() == 0) {
  if (request_.has_after_sequence()) through_ = request_.after_sequence();
}

v1::WatchEventsRequest FeedValidator::BeginStream() {
  first_of_stream_ = true;
  in_snapshot_ = false;
  snapshot_jobs_.clear();
  snapshot_end_ = 0;
  drained_ = false;
  v1::WatchEventsRequest request = request_;
  if (!token_.empty()) request.set_resume_token(token_);
  return request;
}

absl::Status FeedValidator::Accept(const v1::WatchEventsResponse& response) {
  if (drained_) return Broken("nothing follows Draining", response);
  SPOOL_RETURN_IF_ERROR(AcceptMarker(response));
  if (response.snapshot_jobs_size() > 0 && !in_snapshot_) return Broken("a job outside of a snapshot", response);
  for (const v1::Job& job : response.snapshot_jobs()) {
    snapshot_end_ = std::max(snapshot_end_, job.sequence());
    fold_.Adopt(job);
    entered_late_.erase(job.id());
    if (!Matches(request_.filter(), job)) return Broken("a job that was not asked for", response);
    if (!snapshot_jobs_.emplace(job.id(), job).second) return Broken("a job twice in a snapshot", response);
  }
  SPOOL_RETURN_IF_ERROR(AcceptCoverage(response));
  for (const v1::Event& event : response.events()) SPOOL_RETURN_IF_ERROR(AcceptEvent(event));
  return AcceptProgress(response);
}

absl::Status FeedValidator::AcceptMarker(const v1::WatchEventsResponse& response) {
  if (first_of_stream_ != response.has_opened()) return Broken("Opened comes first, and only first", response);
  if (first_of_stream_) {
    first_of_stream_ = false;
    heartbeat_ = absl::Seconds(response.opened().heartbeat_interval().seconds()) +
                 absl::Nanoseconds(response.opened().heartbeat_interval().nanos());
    in_snapshot_ = token_.empty() && request_.start_at() == v1::START_AT_SNAPSHOT;
    // One that was cut short is begun anew, at a later place in the log.
    if (in_snapshot_) through_.reset();
  }
  if (response.has_reset()) in_snapshot_ = true;
  if (response.has_snapshot_complete()) {
    if (!in_snapshot_) return Broken("the end of a snapshot that did not begin", response);
    if (response.snapshot_complete().jobs() != snapshot_jobs_.size())
      return Broken("another number of jobs came", response);
    if (response.snapshot_complete().through() != response.coverage().through()) {
      return Broken("the snapshot ends elsewhere than its coverage", response);
    }
    if (response.snapshot_complete().through() < snapshot_end_) {
      return Broken(absl::StrCat("a job of the snapshot is of ", snapshot_end_, ", after its commit"), response);
    }
    in_snapshot_ = false;
    snapshots_.push_back({response.snapshot_complete().through(), std::move(snapshot_jobs_)});
    snapshot_jobs_.clear();
    snapshot_end_ = 0;
  }
  drained_ = response.has_draining();
  return absl::OkStatus();
}

absl::Status FeedValidator::AcceptCoverage(const v1::WatchEventsResponse& response) {
  if (!response.has_coverage()) {
    if (response.events_size() > 0 || response.marker_case() != v1::WatchEventsResponse::MARKER_NOT_SET) {
      return Broken("only progress and snapshot jobs come without coverage", response);
    }
    return absl::OkStatus();
  }
  const v1::Coverage& coverage = response.coverage();
  if (through_.has_value() && coverage.after() != *through_) {
    return Broken(absl::StrCat("the coverage before ended at ", *through_), response);
  }
  if (coverage.through() < coverage.after()) return Broken("the coverage goes back", response);
  if (coverage.head() < coverage.through()) return Broken("the coverage ends after the log", response);
  if (coverage.resume_token().empty()) return Broken("there is no token", response);
  int64_t previous = coverage.after();
  for (const v1::Event& event : response.events()) {
    if (event.sequence() <= previous || event.sequence() > coverage.through()) {
      return Broken(absl::StrCat("event ", event.sequence(), " is out of order or out of its coverage"), response);
    }
    if (!Matches(request_.filter(), event)) {
      return Broken(absl::StrCat("event ", event.sequence(), " was not asked for"), response);
    }
    previous = event.sequence();
  }
  const bool is_jump = response.has_snapshot_complete();
  if (whole_log_ && !is_jump && response.events_size() != coverage.through() - coverage.after()) {
    return Broken("events are missing from what is covered", response);
  }
  if (!is_jump) {
    if (stretches_.empty() || stretches_.back().through != coverage.after()) {
      stretches_.push_back({coverage.after(), coverage.after()});
    }
    stretches_.back().through = coverage.through();
  }
  through_ = coverage.through();
  // A stream that begins inside a snapshot would never show the rest of it.
  if (!in_snapshot_) token_ = coverage.resume_token();
  return absl::OkStatus();
}

absl::Status FeedValidator::AcceptEvent(const v1::Event& event) {
  events_.push_back(event);
  if (!whole_jobs_) return absl::OkStatus();
  const bool known = fold_.jobs().count(event.job_id()) > 0;
  if (known || event.job_revision() == 1) {
    entered_late_.erase(event.job_id());
    return fold_.Add(event);
  }
  const auto late = entered_late_.find(event.job_id());
  if (late != entered_late_.end() && event.job_revision() != late->second + 1) {
    return absl::FailedPreconditionError(
        absl::StrCat("revision does not follow ", late->second, ": ", event.ShortDebugString()));
  }
  entered_late_[event.job_id()] = event.job_revision();
  return absl::OkStatus();
}

absl::Status FeedValidator::AcceptProgress(const v1::WatchEventsResponse& response) {
  for (const v1::ProgressSample& sample : response.progress()) {
    const double fraction = sample.progress().fraction();
    if (!request_.include_progress()) return Broken("progress was not asked for", response);
    // Written so that NaN fails too.
    if (!(fraction >= 0 && fraction <= 1)) return Broken("progress is not 0 to 1", response);
    double& highest = progress_[sample.job_id()];
    highest = std::max(highest, fraction);
  }
  return absl::OkStatus();
}

}  // namespace spool::testing

// What WatchEvents promises, as a check of what came: order, no holes, nothing twice, and a story that makes sense.

#ifndef SPOOL_TESTS_SUPPORT_FEED_VALIDATOR_H_
#define SPOOL_TESTS_SUPPORT_FEED_VALIDATOR_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "spool/v1/event.pb.h"
#include "spool/v1/job_service.pb.h"
#include "tests/support/event_fold.h"

namespace spool::testing {

// Whether the filter wants this event; or, in a snapshot, this job. Shares no code with the server.
bool Matches(const v1::EventFilter& filter, const v1::Event& event);
bool Matches(const v1::EventFilter& filter, const v1::Job& job);

// Checks one watch, over as many streams as it takes. Of each response: that the coverage begins where the last one
// ended, that the events lie within it, in order, and match the filter; without a filter that none is missing. Of the
// whole: that the revisions of each job have no hole and that its moves are legal, beginning with the snapshot if there
// is one. The client library has checks of its own; this shares no code with it. Not thread-safe.
class FeedValidator {
 public:
  // `request` is what the first stream asks for.
  explicit FeedValidator(v1::WatchEventsRequest request);

  // The request of the next stream: the first one, then resumes after the last coverage.
  v1::WatchEventsRequest BeginStream();
  // The next response of the stream. FailedPrecondition says which promise it breaks.
  absl::Status Accept(const v1::WatchEventsResponse& response);

  const v1::WatchEventsRequest& request() const { return request_; }
  const std::string& token() const { return token_; }
  // Everything is known up to here.
  int64_t through() const { return through_.value_or(0); }
  const std::vector<v1::Event>& events() const { return events_; }
  // What was covered, stretch by stretch; between them lie snapshots.
  struct Stretch {
    int64_t after;
    int64_t through;
  };
  const std::vector<Stretch>& stretches() const { return stretches_; }
  // The snapshots that came to their end.
  struct Snapshot {
    int64_t through;
    std::map<std::string, v1::Job> jobs;
  };
  const std::vector<Snapshot>& snapshots() const { return snapshots_; }
  // What is in force for the stream.
  absl::Duration heartbeat() const { return heartbeat_; }
  // The jobs as the feed told of them. Those whose beginning was not told are missing.
  const EventFold& fold() const { return fold_; }
  // Highest progress told of each job.
  const std::map<std::string, double>& progress() const { return progress_; }

 private:
  absl::Status AcceptMarker(const v1::WatchEventsResponse& response);
  absl::Status AcceptCoverage(const v1::WatchEventsResponse& response);
  absl::Status AcceptEvent(const v1::Event& event);
  absl::Status AcceptProgress(const v1::WatchEventsResponse& response);

  const v1::WatchEventsRequest request_;
  // Whether the filter gives whole histories of jobs, or all events.
  const bool whole_jobs_;
  const bool whole_log_;
  std::string token_;
  std::optional<int64_t> through_;
  bool first_of_stream_ = true;
  bool in_snapshot_ = false;
  bool drained_ = false;
  absl::Duration heartbeat_ = absl::Seconds(15);
  // Of the snapshot that is under way: what came, and the latest sequence among them.
  std::map<std::string, v1::Job> snapshot_jobs_;
  int64_t snapshot_end_ = 0;
  std::vector<Stretch> stretches_;
  std::vector<Snapshot> snapshots_;
  std::vector<v1::Event> events_;
  EventFold fold_;
  // Jobs that were first told of in the midst of their story: the last revision.
  std::map<std::string, int64_t> entered_late_;
  std::map<std::string, double> progress_;
};

}  // namespace spool::testing

#endif  // SPOOL_TESTS_SUPPORT_FEED_VALIDATOR_H_

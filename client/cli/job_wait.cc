#include "client/cli/job_wait.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/job_text.h"
#include "client/cli/progress_text.h"
#include "client/cli/text.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

// What stands at the bottom of the terminal while the job is in `state` and not running.
std::string Waiting(const std::string& job_id, v1::JobState state, int64_t queue_position) {
  if (state == v1::JOB_STATE_SCHEDULED) return absl::StrCat(Escaped(job_id), "  waits for its time");
  if (queue_position > 0) return absl::StrCat(Escaped(job_id), "  queued at position ", queue_position);
  return absl::StrCat(Escaped(job_id), "  queued");
}

void ShowWaiting(Session& session, const std::string& job_id, v1::JobState state, int64_t queue_position) {
  session.screen().SetLive({Shortened(Waiting(job_id, state, queue_position), session.LiveColumns())});
}

void ShowProgress(Session& session, const std::string& job_id, const v1::JobProgress& progress) {
  session.screen().SetLive({RenderProgress(job_id, progress, session.LiveColumns())});
}

// Tells of a failed attempt. Returns whether the job has come to its end.
bool HandleEvent(Session& session, const v1::Event& event) {
  if (event.has_retrying()) {
    session.screen().PrintError(absl::StrCat("spool: attempt ", event.attempt(), " failed and will be repeated: ",
                                             Escaped(event.retrying().error().message()), " (",
                                             Escaped(event.retrying().error().reason()), ")\n"));
  }
  if (IsTerminal(event.state()) || event.type() == v1::EVENT_TYPE_DELETED) return true;
  if (event.state() == v1::JOB_STATE_RUNNING) {
    // Nothing is known yet of an attempt that begins; one that is being cancelled keeps its last bar.
    if (event.has_started()) ShowProgress(session, event.job_id(), v1::JobProgress());
  } else {
    ShowWaiting(session, event.job_id(), event.state(), event.queued().queue_position());
  }
  return false;
}

}  // namespace

absl::StatusOr<v1::Job> WaitForJob(Session& session, const v1::Job& job, const std::string& resume_token) {
  if (IsTerminal(job.state())) return job;
  v1::WatchEventsRequest request;
  request.set_resume_token(resume_token);
  request.mutable_filter()->add_job_ids(job.id());
  request.set_until_terminal(true);
  request.set_include_progress(session.screen().live());
  client::EventWatcher::Options options = session.WatchOptions();
  // The server was there a moment ago.
  options.first_open = client::FirstOpen::kRetry;
  const std::unique_ptr<client::EventWatcher> watcher = session.client().Watch(request, std::move(options));

  ShowWaiting(session, job.id(), job.state(), job.queue_position());
  bool over = false;
  while (!over) {
    SPOOL_ASSIGN_OR_RETURN(const std::optional<v1::WatchEventsResponse> response, watcher->Next());
    if (!response.has_value()) break;
    for (const v1::ProgressSample& sample : response->progress()) {
      ShowProgress(session, sample.job_id(), sample.progress());
    }
    for (const v1::Event& event : response->events()) over = over || HandleEvent(session, event);
  }
  session.screen().SetLive({});
  // A server that was told to stop lets its jobs end first: this may well be the moment when it goes away.
  SPOOL_ASSIGN_OR_RETURN(v1::GetJobResponse response, session.client().GetJob(job.id(), client::WhenAway::kRetry));
  return std::move(*response.mutable_job());
}

}  // namespace spool::cli

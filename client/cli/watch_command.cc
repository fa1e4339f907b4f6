// spool watch

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "client/cli/commands.h"
#include "client/cli/flag_values.h"
#include "client/cli/usage_error.h"
#include "client/cli/values.h"
#include "client/cli/watch_view.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

absl::Status ReadStart(const Arguments& arguments, v1::WatchEventsRequest* request) {
  const std::string from = arguments.Get("from");
  int64_t sequence;
  if (!arguments.Has("from")) {
    // Whoever waits for the end of jobs wants to know of those that are over already.
    request->set_start_at(arguments.Has("until-terminal") ? v1::START_AT_SNAPSHOT : v1::START_AT_LATEST);
  } else if (from == "latest") {
    request->set_start_at(v1::START_AT_LATEST);
  } else if (from == "earliest") {
    request->set_start_at(v1::START_AT_EARLIEST);
  } else if (from == "snapshot") {
    request->set_start_at(v1::START_AT_SNAPSHOT);
  } else if (from.empty()) {
    return UsageError("--from needs latest, earliest, snapshot, a sequence or a resume token");
  } else if (absl::SimpleAtoi(from, &sequence)) {
    if (sequence < 0) return UsageError(absl::StrCat("--from ", from, ": a sequence is 0 or more"));
    request->set_after_sequence(sequence);
  } else {
    request->set_resume_token(from);
  }
  return absl::OkStatus();
}

absl::Status ReadFilter(const Arguments& arguments, v1::EventFilter* filter) {
  for (const std::string& job : arguments.GetAll("job")) filter->add_job_ids(job);
  for (const std::string& video : arguments.GetAll("video")) filter->add_video_ids(video);
  for (const std::string& text : arguments.GetAll("type")) {
    SPOOL_ASSIGN_OR_RETURN(const v1::EventType type, ParseEnum<v1::EventType>("type", text));
    filter->add_types(type);
  }
  for (const std::string& text : arguments.GetAll("state")) {
    SPOOL_ASSIGN_OR_RETURN(const v1::JobState state, ParseEnum<v1::JobState>("state", text));
    filter->add_states(state);
  }
  for (const std::string& text : arguments.GetAll("label")) {
    SPOOL_ASSIGN_OR_RETURN(const auto label, ParseLabel("label", text));
    (*filter->mutable_labels())[label.first] = label.second;
  }
  return absl::OkStatus();
}

// Last states of jobs that are waited for.
class Outcomes {
 public:
  void Note(const v1::WatchEventsResponse& response) {
    for (const v1::Job& job : response.snapshot_jobs()) states_[job.id()] = job.state();
    for (const v1::Event& event : response.events()) states_[event.job_id()] = event.state();
  }
  bool all_completed() const {
    return std::all_of(states_.begin(), states_.end(),
                       [](const auto& entry) { return entry.second == v1::JOB_STATE_COMPLETED; });
  }

 private:
  std::map<std::string, v1::JobState> states_;
};

absl::StatusOr<ExitCode> Watch(Session& session, const Arguments& arguments) {
  v1::WatchEventsRequest request;
  SPOOL_RETURN_IF_ERROR(ReadStart(arguments, &request));
  SPOOL_RETURN_IF_ERROR(ReadFilter(arguments, request.mutable_filter()));
  request.set_until_terminal(arguments.Has("until-terminal"));
  if (request.until_terminal() && request.filter().job_ids().empty()) {
    return UsageError("--until-terminal needs --job");
  }
  // A filter by type or state may hide the event that ends a job, and its bar would stay for ever.
  const bool sees_every_end = request.filter().types().empty() && request.filter().states().empty();
  request.set_include_progress((session.json() || (session.screen().live() && sees_every_end)) &&
                               !arguments.Has("no-progress"));

  const std::unique_ptr<client::EventWatcher> watcher = session.client().Watch(request, session.WatchOptions());
  WatchView view(session);
  Outcomes outcomes;
  for (;;) {
    SPOOL_ASSIGN_OR_RETURN(const std::optional<v1::WatchEventsResponse> response, watcher->Next());
    if (!response.has_value()) break;
    view.Show(*response);
    // A watch without an end must not remember all that it saw.
    if (request.until_terminal()) outcomes.Note(*response);
  }
  return outcomes.all_completed() ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace

Command WatchCommand() {
  return {
      .name = "watch",
      .synopsis = "[--job JOB]... [--video ID]... [--from START] [--until-terminal] [flags]",
      .summary = "follow what happens to jobs",
      .description =
          "Prints each event as it happens, until interrupted. On a terminal, running jobs have a progress bar at the "
          "bottom. When the connection is lost, the watch goes on where it was as soon as the server is back: no event "
          "is missed and none is printed twice.\n\n"
          "Flags of different names must all match; a flag that is repeated matches any of its values, except --label, "
          "which must match all of them. --type and --state turn the progress bars off.\n\n"
          "With --json, an event is a line with its own fields, a progress sample a line {\"progress\":…}, a job of a "
          "snapshot a line {\"job\":…}.",
      .flags =
          {{"job", "JOB", "Only this job; may be repeated. It need not exist yet."},
           {"video", "ID", "Only jobs of this video; may be repeated."},
           OneOfFlag<v1::EventType>("type", "TYPE", "Only events of this type: ", "; may be repeated."),
           OneOfFlag<v1::JobState>("state", "STATE",
                                   "Only events that leave the job in this state: ", "; may be repeated."),
           {"label", "KEY=VALUE", "Only jobs with this label; may be repeated."},
           {"from",
            "START",
            "latest: only what is new (the default). earliest: all that the server still has. snapshot: the jobs "
            "as they are now, then what is new. Or what follows an event's sequence, or a resume token.",
            0,
            Flag::Value::kRequired,
            {"latest", "earliest", "snapshot"}},
           {"until-terminal", "",
            "End when all jobs named by --job are over: with exit status 1 if one of them failed or was cancelled. "
            "Without --from, begins with a snapshot."},
           {"no-progress", "", "No progress, neither bars nor lines."}},
      .examples = {"spool watch --video cat", "spool watch --type failed --json | jq -r .failed.error.message",
                   "spool watch --job \"$id\" --until-terminal && echo done"},
      .run = Watch,
  };
}

}  // namespace spool::cli

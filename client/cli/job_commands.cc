// spool get, list, cancel, retry, delete

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/flag_values.h"
#include "client/cli/job_text.h"
#include "client/cli/json.h"
#include "client/cli/text.h"
#include "client/cli/values.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

constexpr int kMaxPage = 1000;
constexpr int64_t kDefaultLimit = 50;

absl::StatusOr<v1::JobFilter> ReadFilter(const Arguments& arguments) {
  v1::JobFilter filter;
  for (const std::string& text : arguments.GetAll("state")) {
    SPOOL_ASSIGN_OR_RETURN(const v1::JobState state, ParseEnum<v1::JobState>("state", text));
    filter.add_states(state);
  }
  for (const std::string& text : arguments.GetAll("type")) {
    SPOOL_ASSIGN_OR_RETURN(const v1::JobType type, ParseEnum<v1::JobType>("type", text));
    filter.add_types(type);
  }
  for (const std::string& video : arguments.GetAll("video")) filter.add_video_ids(video);
  for (const std::string& text : arguments.GetAll("label")) {
    SPOOL_ASSIGN_OR_RETURN(const auto label, ParseLabel("label", text));
    (*filter.mutable_labels())[label.first] = label.second;
  }
  return filter;
}

// Up to `limit` jobs, page by page.
absl::StatusOr<std::vector<v1::Job>> FetchJobs(client::Client& client, const v1::JobFilter& filter, int64_t limit) {
  std::vector<v1::Job> jobs;
  v1::ListJobsRequest request;
  *request.mutable_filter() = filter;
  do {
    request.set_page_size(static_cast<int32_t>(std::min<int64_t>(kMaxPage, limit - static_cast<int64_t>(jobs.size()))));
    SPOOL_ASSIGN_OR_RETURN(v1::ListJobsResponse page, client.ListJobs(request));
    for (v1::Job& job : *page.mutable_jobs()) jobs.push_back(std::move(job));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && static_cast<int64_t>(jobs.size()) < limit);
  return jobs;
}

absl::StatusOr<ExitCode> List(Session& session, const Arguments& arguments) {
  SPOOL_ASSIGN_OR_RETURN(const v1::JobFilter filter, ReadFilter(arguments));
  int64_t limit = kDefaultLimit;
  if (arguments.Has("limit")) {
    SPOOL_ASSIGN_OR_RETURN(limit,
                           ParseInteger("limit", arguments.Get("limit"), 1, std::numeric_limits<int32_t>::max()));
  }
  SPOOL_ASSIGN_OR_RETURN(const std::vector<v1::Job> jobs, FetchJobs(session.client(), filter, limit));
  std::string lines;
  if (session.json()) {
    for (const v1::Job& job : jobs) absl::StrAppend(&lines, ToJson(job), "\n");
  } else {
    lines = RenderJobTable(jobs, session.style());
  }
  session.screen().Print(lines);
  return ExitCode::kOk;
}

// "ID: state" after a command that changed the job.
void PrintChanged(Session& session, const v1::Job& job) {
  const bool cancelling = job.state() == v1::JOB_STATE_RUNNING && job.has_cancel_requested_at();
  session.PrintResult(
      job, absl::StrCat(Escaped(job.id()), ": ", cancelling ? "is being cancelled" : EnumName(job.state()), "\n"));
}

}  // namespace

Command GetCommand() {
  return {
      .name = "get",
      .positionals = {"ID"},
      .summary = "show a job",
      .description = "Shows the job ID as it is now: its state, what was asked, what came of it.",
      .examples = {"spool get resize-cat-01JGFJJZ00ABCDEFGHJKMNPQRS --json"},
      .run = [](Session& session, const Arguments& arguments) -> absl::StatusOr<ExitCode> {
        SPOOL_ASSIGN_OR_RETURN(const v1::GetJobResponse response, session.client().GetJob(arguments.positionals()[0]));
        session.PrintResult(response.job(), RenderJob(response.job(), session.style()));
        return ExitCode::kOk;
      },
  };
}

Command ListCommand() {
  return {
      .name = "list",
      .synopsis = "[--state STATE] [--type TYPE] [--video ID] [--label KEY=VALUE] [--limit NUMBER]",
      .summary = "list jobs, newest first",
      .description =
          "Lists the jobs that match all flags. A flag that is repeated matches any of its values, except "
          "--label, which must match all of them.",
      .flags = {OneOfFlag<v1::JobState>("state", "STATE", "", "; may be repeated."),
                OneOfFlag<v1::JobType>("type", "TYPE", "", "; may be repeated."),
                {"video", "ID", "The video's name; may be repeated."},
                {"label", "KEY=VALUE", "A label; may be repeated."},
                {"limit", "NUMBER", absl::StrCat("At most so many; ", kDefaultLimit, " by default.")}},
      .examples = {"spool list --state failed --limit 10", "spool list --video cat --json | jq -r .id"},
      .run = List,
  };
}

Command CancelCommand() {
  return {
      .name = "cancel",
      .positionals = {"ID"},
      .summary = "end a job that is not finished",
      .description =
          "A job that waits is cancelled at once; one that runs is ended within half a second, and its "
          "partial output is removed. Cancelling it again changes nothing.",
      .run = [](Session& session, const Arguments& arguments) -> absl::StatusOr<ExitCode> {
        SPOOL_ASSIGN_OR_RETURN(const v1::CancelJobResponse response,
                               session.client().CancelJob(arguments.positionals()[0]));
        PrintChanged(session, response.job());
        return ExitCode::kOk;
      },
  };
}

Command RetryCommand() {
  return {
      .name = "retry",
      .positionals = {"ID"},
      .summary = "put a failed or cancelled job back to the queue",
      .description = "The job starts over with a fresh count of attempts.",
      .run = [](Session& session, const Arguments& arguments) -> absl::StatusOr<ExitCode> {
        SPOOL_ASSIGN_OR_RETURN(const v1::RetryJobResponse response,
                               session.client().RetryJob(arguments.positionals()[0]));
        PrintChanged(session, response.job());
        return ExitCode::kOk;
      },
  };
}

Command DeleteCommand() {
  return {
      .name = "delete",
      .positionals = {"ID"},
      .summary = "forget a finished job",
      .description = "Removes the job's record. Its output file stays.",
      .run = [](Session& session, const Arguments& arguments) -> absl::StatusOr<ExitCode> {
        const std::string& id = arguments.positionals()[0];
        SPOOL_ASSIGN_OR_RETURN(const v1::DeleteJobResponse response, session.client().DeleteJob(id));
        session.PrintResult(response, absl::StrCat(Escaped(id), ": deleted\n"));
        return ExitCode::kOk;
      },
  };
}

}  // namespace spool::cli

// spool stats, pause, resume

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/block.h"
#include "client/cli/commands.h"
#include "client/cli/text.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

std::string RenderStats(const v1::GetQueueStatsResponse& stats, const TextStyle& style) {
  const v1::StateCounts& jobs = stats.jobs();
  Block stored(style.palette.Paint(Colour::kBold, "Jobs stored"), style);
  stored.Line("Scheduled", absl::StrCat(jobs.scheduled()))
      .Line("Queued", absl::StrCat(jobs.queued()))
      .Line("Running", absl::StrCat(jobs.running(), " of ", stats.slots(), stats.paused() ? ", queue paused" : ""))
      .Line("Completed", absl::StrCat(jobs.completed()))
      .Line("Failed", absl::StrCat(jobs.failed()))
      .Line("Cancelled", absl::StrCat(jobs.cancelled()));

  const v1::QueueTotals& totals = stats.totals();
  Block all(style.palette.Paint(Colour::kBold, "All time"), style);
  all.Line("Enqueued", absl::StrCat(totals.enqueued()))
      .Line("Attempts Started", absl::StrCat(totals.started()))
      .Line("Completed", absl::StrCat(totals.completed()))
      .Line("Failed", absl::StrCat(totals.failed()))
      .Line("Cancelled", absl::StrCat(totals.cancelled()))
      .Line("Attempts Retried", absl::StrCat(totals.retried()));
  if (totals.completed() + totals.failed() > 0) {
    all.Line("Success Rate", absl::StrFormat("%.1f%%", stats.success_rate() * 100));
  }
  if (stats.has_mean_duration()) all.Line("Mean Duration", FormatSeconds(FromProto(stats.mean_duration())));
  if (stats.has_mean_wait()) all.Line("Mean Wait", FormatSeconds(FromProto(stats.mean_wait())));

  Block feed(style.palette.Paint(Colour::kBold, "Event feed"), style);
  feed.Line("Latest Sequence", absl::StrCat(stats.head_sequence()))
      .Line("Earliest Sequence", absl::StrCat(stats.earliest_sequence()))
      .Line("Watchers", absl::StrCat(stats.watchers()));
  return absl::StrCat(stored.text(), all.text(), feed.text());
}

}  // namespace

Command StatsCommand() {
  return {
      .name = "stats",
      .summary = "show counts, totals and means of the queue",
      .description =
          "Shows how many jobs there are in each state, what was done since the store was made, and where "
          "the event feed stands.",
      .run = [](Session& session, const Arguments&) -> absl::StatusOr<ExitCode> {
        SPOOL_ASSIGN_OR_RETURN(const v1::GetQueueStatsResponse stats, session.client().GetQueueStats());
        session.PrintResult(stats, RenderStats(stats, session.style()));
        return ExitCode::kOk;
      },
  };
}

Command PauseCommand() {
  return {
      .name = "pause",
      .summary = "start no more jobs",
      .description =
          "Jobs that run go on; new ones are accepted and wait. The pause lasts, also across restarts of the "
          "server, until `spool resume`.",
      .run = [](Session& session, const Arguments&) -> absl::StatusOr<ExitCode> {
        SPOOL_RETURN_IF_ERROR(session.client().PauseQueue());
        session.PrintResult(v1::PauseQueueResponse(), "queue paused\n");
        return ExitCode::kOk;
      },
  };
}

Command ResumeCommand() {
  return {
      .name = "resume",
      .summary = "end a pause",
      .description = "Jobs are started again.",
      .run = [](Session& session, const Arguments&) -> absl::StatusOr<ExitCode> {
        SPOOL_RETURN_IF_ERROR(session.client().ResumeQueue());
        session.PrintResult(v1::ResumeQueueResponse(), "queue resumed\n");
        return ExitCode::kOk;
      },
  };
}

}  // namespace spool::cli

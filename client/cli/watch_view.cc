#include "client/cli/watch_view.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/event_text.h"
#include "client/cli/json.h"
#include "client/cli/progress_text.h"

namespace spool::cli {

void WatchView::Show(const v1::WatchEventsResponse& response) {
  // Progress first: a job whose end is in the same response has no bar after it.
  for (const v1::ProgressSample& sample : response.progress()) running_[sample.job_id()] = sample.progress();
  for (const v1::Event& event : response.events()) {
    if (event.state() != v1::JOB_STATE_RUNNING) running_.erase(event.job_id());
  }
  if (session_.json()) {
    ShowJson(response);
  } else {
    ShowText(response);
  }
}

void WatchView::ShowJson(const v1::WatchEventsResponse& response) {
  std::string lines;
  for (const v1::Job& job : response.snapshot_jobs()) absl::StrAppend(&lines, ToJson("job", job), "\n");
  for (const v1::Event& event : response.events()) absl::StrAppend(&lines, ToJson(event), "\n");
  for (const v1::ProgressSample& sample : response.progress()) {
    absl::StrAppend(&lines, ToJson("progress", sample), "\n");
  }
  if (!lines.empty()) session_.screen().Print(lines);
}

void WatchView::ShowText(const v1::WatchEventsResponse& response) {
  if (response.has_reset()) {
    session_.screen().PrintError(absl::StrCat("spool: events ", response.reset().first_lost(), " to ",
                                              response.reset().last_lost(), " are gone; the jobs as they are now:\n"));
  }
  std::string blocks;
  for (const v1::Job& job : response.snapshot_jobs()) {
    absl::StrAppend(&blocks, RenderSnapshotJob(job, session_.style()), "\n");
  }
  for (const v1::Event& event : response.events()) {
    absl::StrAppend(&blocks, RenderEvent(event, session_.style()), "\n");
  }
  session_.screen().Print(blocks, Bars());
}

std::vector<std::string> WatchView::Bars() const {
  // At most half of the terminal: the log is what the reader came for.
  const size_t room = std::max(1, session_.environment().terminal_size().rows / 2);
  std::vector<std::string> bars;
  for (const auto& [job_id, progress] : running_) {
    if (bars.size() + 1 == room && running_.size() > room) {
      bars.push_back(absl::StrCat("… and ", running_.size() - bars.size(), " more"));
      break;
    }
    bars.push_back(RenderProgress(job_id, progress, session_.LiveColumns()));
  }
  return bars;
}

}  // namespace spool::cli

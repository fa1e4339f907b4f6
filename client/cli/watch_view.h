// What `spool watch` shows of the responses that it gets.

#ifndef SPOOL_CLIENT_CLI_WATCH_VIEW_H_
#define SPOOL_CLIENT_CLI_WATCH_VIEW_H_

#include <map>
#include <string>
#include <vector>

#include "client/cli/session.h"
#include "spool/v1/event.pb.h"
#include "spool/v1/job_service.pb.h"

namespace spool::cli {

// Prints events, one block or JSON line each, and keeps a bar for each running job at the bottom of a terminal.
class WatchView {
 public:
  // `session` must outlive this.
  explicit WatchView(Session& session) : session_(session) {}

  void Show(const v1::WatchEventsResponse& response);

 private:
  void ShowJson(const v1::WatchEventsResponse& response);
  void ShowText(const v1::WatchEventsResponse& response);
  std::vector<std::string> Bars() const;

  Session& session_;
  // Last progress of each job that runs, by job id.
  std::map<std::string, v1::JobProgress> running_;
};

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_WATCH_VIEW_H_

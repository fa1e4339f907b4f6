// Jobs for people.

#ifndef SPOOL_CLIENT_CLI_JOB_TEXT_H_
#define SPOOL_CLIENT_CLI_JOB_TEXT_H_

#include <string>

#include "absl/types/span.h"
#include "client/cli/block.h"
#include "spool/v1/job.pb.h"

namespace spool::cli {

// Everything about one job, for `get`. Ends with a newline, as all of these.
std::string RenderJob(const v1::Job& job, const TextStyle& style);

// A table with one row a job, for `list`.
std::string RenderJobTable(absl::Span<const v1::Job> jobs, const TextStyle& style);

// What became of a job that was waited for: its result, or why there is none.
std::string RenderOutcome(const v1::Job& job, const TextStyle& style);

// Whether nothing more will happen to a job in this state, unless it is asked for.
bool IsTerminal(v1::JobState state);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_JOB_TEXT_H_

// Events for people: the lifecycle of a job as blocks of a log.

#ifndef SPOOL_CLIENT_CLI_EVENT_TEXT_H_
#define SPOOL_CLIENT_CLI_EVENT_TEXT_H_

#include <string>

#include "client/cli/block.h"
#include "spool/v1/event.pb.h"
#include "spool/v1/job.pb.h"

namespace spool::cli {

// One event: "▶ [JOB STARTED]", then its facts. Ends with a newline. An event of a type that this program does not
// know is shown by its number.
std::string RenderEvent(const v1::Event& event, const TextStyle& style);

// One job of a snapshot, in the same manner: "= [JOB RUNNING]".
std::string RenderSnapshotJob(const v1::Job& job, const TextStyle& style);

// Adds what was made, what went wrong: shared by events and jobs.
void AddResult(const v1::JobResult& result, Block& block);
// Each of several outputs: what was made of it or why it was not.
void AddOutputs(const v1::JobResult& result, Block& block);
void AddError(const v1::JobError& error, Block& block);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_EVENT_TEXT_H_

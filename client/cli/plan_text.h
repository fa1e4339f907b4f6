// Plans and presets for people.

#ifndef SPOOL_CLIENT_CLI_PLAN_TEXT_H_
#define SPOOL_CLIENT_CLI_PLAN_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "client/cli/block.h"
#include "spool/v1/job.pb.h"
#include "spool/v1/job_service.pb.h"

namespace spool::cli {

// A block for each output: what is done with each stream and why. Ends with a newline, as all of these.
std::string RenderPlan(absl::string_view file, const v1::Plan& plan, const TextStyle& style);

// A table with one row a preset.
std::string RenderPresets(const v1::ListPresetsResponse& presets, const TextStyle& style);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_PLAN_TEXT_H_

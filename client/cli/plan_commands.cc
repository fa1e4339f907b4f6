// spool plan, spool presets

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/input.h"
#include "client/cli/job_request.h"
#include "client/cli/json.h"
#include "client/cli/plan_text.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

absl::StatusOr<ExitCode> RunPlan(Session& session, const Arguments& arguments) {
  const std::string& file = arguments.positionals()[0];
  SPOOL_ASSIGN_OR_RETURN(v1::EnqueueRequest request, PlanRequest(arguments, session.environment().clock->Now()));
  SPOOL_ASSIGN_OR_RETURN(*request.mutable_input(), ResolveInput(session, arguments, file));
  SPOOL_ASSIGN_OR_RETURN(const v1::PlanJobResponse response, session.client().PlanJob(request));
  session.PrintResult(response, RenderPlan(file, response.plan(), session.style()));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> RunPresets(Session& session, const Arguments&) {
  SPOOL_ASSIGN_OR_RETURN(const v1::ListPresetsResponse response, session.client().ListPresets());
  std::string lines;
  if (session.json()) {
    for (const v1::Preset& preset : response.presets()) absl::StrAppend(&lines, ToJson(preset), "\n");
  } else {
    lines = RenderPresets(response, session.style());
  }
  session.screen().Print(lines);
  return ExitCode::kOk;
}

std::vector<Flag> AllPlanFlags() {
  std::vector<Flag> flags = PlanFlags();
  flags.push_back({"remote", "", "FILE is a path under the server's media root: nothing is uploaded."});
  flags.push_back({"output", "PATH", "The output's path, for the format that its extension names."});
  return flags;
}

}  // namespace

Command PlanCommand() {
  return {
      .name = "plan",
      .positionals = {"FILE"},
      .synopsis = "[--width PIXELS] [--height PIXELS] [--to FORMAT] [--run PRESET] [flags]",
      .summary = "show what a job would do, without running it",
      .description =
          "Has the server look at FILE and say what would be done with each of its streams, and why: copied, encoded "
          "or dropped; the dimensions, the settings of the encoders, and warnings. Takes the flags of `spool resize` "
          "and `spool convert`: with --width or --height it is a resize, else a convert, and with --run what `spool "
          "run` would do.\n\n"
          "FILE is a local file, which is uploaded and stays there; or, with --remote, a path under the server's media "
          "root; or an \"upload:\" id.",
      .flags = AllPlanFlags(),
      .examples = {"spool plan cat.mkv --to mp4", "spool plan cat.mp4 --width 1280 --video-codec hevc",
                   "spool plan cat.mp4 --run hls-ladder --json"},
      .run = RunPlan,
  };
}

Command PresetsCommand() {
  return {
      .name = "presets",
      .summary = "list what `spool run` can make",
      .description =
          "Lists the presets that the server knows. A preset never changes: a better one has another version. With "
          "--json: with all that each stands for.",
      .examples = {"spool presets --json | jq 'select(.name == \"web-720p\")'"},
      .run = RunPresets,
  };
}

}  // namespace spool::cli

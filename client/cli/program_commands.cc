// spool completion, version

#include <string>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/completion.h"
#include "client/cli/help.h"
#include "client/cli/usage_error.h"
#include "server/base/status_macros.h"
#include "server/base/version.h"

namespace spool::cli {
namespace {

// As many as one likes to choose from.
constexpr int kJobsOffered = 200;

absl::StatusOr<std::string> JobNames(client::Client& client) {
  v1::ListJobsRequest request;
  request.set_page_size(kJobsOffered);
  SPOOL_ASSIGN_OR_RETURN(const v1::ListJobsResponse response, client.ListJobs(request));
  std::string names;
  for (const v1::Job& job : response.jobs()) absl::StrAppend(&names, job.id(), "\n");
  return names;
}

absl::StatusOr<std::string> PresetNames(client::Client& client) {
  SPOOL_ASSIGN_OR_RETURN(const v1::ListPresetsResponse response, client.ListPresets());
  std::string names;
  for (const v1::Preset& preset : response.presets()) absl::StrAppend(&names, preset.name(), "\n");
  return names;
}

absl::StatusOr<std::string> TargetNames(client::Client& client) {
  SPOOL_ASSIGN_OR_RETURN(const v1::ListTargetsResponse response, client.ListTargets());
  std::string names;
  for (const v1::NotificationTarget& target : response.targets()) absl::StrAppend(&names, target.name(), "\n");
  return names;
}

absl::StatusOr<ExitCode> Complete(Session& session, const Arguments& arguments) {
  const std::string& what = arguments.positionals()[0];
  absl::StatusOr<std::string> text;
  if (what == "bash") {
    text = BashCompletion(AllCommands(), GlobalFlags());
  } else if (what == "jobs") {
    text = JobNames(session.client());
  } else if (what == "presets") {
    text = PresetNames(session.client());
  } else if (what == "targets") {
    text = TargetNames(session.client());
  } else {
    return UsageError(absl::StrCat(what, ": must be bash, jobs, presets or targets"));
  }
  SPOOL_RETURN_IF_ERROR(text.status());
  session.screen().Print(*text);
  return ExitCode::kOk;
}

}  // namespace

Command CompletionCommand() {
  return {
      .name = "completion",
      .positionals = {"WHAT"},
      .values = {"bash", "jobs", "presets", "targets"},
      .summary = "print what lets a shell complete command lines",
      .description =
          "bash: a script for bash, made from the same tables as this help. With jobs, presets and targets: the "
          "names that the server knows, one a line, which the script asks for.",
      .examples = {"source <(spool completion bash)"},
      .run = Complete,
  };
}

Command VersionCommand() {
  return {
      .name = "version",
      .summary = "show the version of this program",
      .description = "Prints \"spool\" and the version, without asking the server.",
      .run = [](Session& session, const Arguments&) -> absl::StatusOr<ExitCode> {
        session.screen().Print(session.json() ? absl::StrCat("{\"version\":\"", kVersion, "\"}\n") : VersionLine());
        return ExitCode::kOk;
      },
  };
}

}  // namespace spool::cli

// spool resize, spool convert

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/input.h"
#include "client/cli/job_request.h"
#include "client/cli/job_text.h"
#include "client/cli/job_wait.h"
#include "client/cli/text.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

constexpr absl::string_view kInputHelp =
    "FILE is a local file, which is uploaded first; or, with --remote, a path under the server's media root; or the "
    "\"upload:\" id that `spool upload` printed.\n\n"
    "Prints the job's id. With --wait: shows its progress, then what was made or why nothing was.";

absl::Status FetchResult(Session& session, const v1::Job& job, const std::string& path) {
  const absl::StatusOr<int64_t> bytes = session.client().Download(
      job.id(), path, client::Existing::kReplace, session.ShowTransfer(absl::StrCat("downloading ", path)));
  session.screen().SetLive({});
  return bytes.status();
}

// Waits for the job, tells what became of it, and fetches the result if that is wanted.
absl::StatusOr<ExitCode> FollowJob(Session& session, const Arguments& arguments, const v1::EnqueueResponse& enqueued) {
  SPOOL_ASSIGN_OR_RETURN(const v1::Job job, WaitForJob(session, enqueued.job(), enqueued.resume_token()));
  const bool completed = job.state() == v1::JOB_STATE_COMPLETED;
  if (session.json() || completed) {
    session.PrintResult(job, RenderOutcome(job, session.style()));
  } else {
    session.screen().PrintError(RenderOutcome(job, session.style()));
  }
  if (!completed) return ExitCode::kFailed;
  if (arguments.Has("download")) {
    SPOOL_RETURN_IF_ERROR(FetchResult(session, job, arguments.Get("download")));
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> EnqueueJob(Session& session, const Arguments& arguments,
                                    absl::StatusOr<v1::EnqueueRequest> parsed) {
  SPOOL_ASSIGN_OR_RETURN(v1::EnqueueRequest request, std::move(parsed));
  SPOOL_ASSIGN_OR_RETURN(*request.mutable_input(), ResolveInput(session, arguments, arguments.positionals()[0]));
  // With an id, the call may be repeated when its answer was lost.
  if (request.request_id().empty()) request.set_request_id(session.environment().new_request_id());
  SPOOL_ASSIGN_OR_RETURN(const v1::EnqueueResponse enqueued, session.client().Enqueue(request));
  if (arguments.Has("wait") || arguments.Has("download")) return FollowJob(session, arguments, enqueued);
  session.PrintResult(enqueued.job(), absl::StrCat(Escaped(enqueued.job().id()), "\n"));
  return ExitCode::kOk;
}

std::vector<Flag> WithJobFlags(std::vector<Flag> flags) {
  for (Flag& flag : JobFlags()) flags.push_back(std::move(flag));
  return flags;
}

}  // namespace

Command ResizeCommand() {
  return {
      .name = "resize",
      .positionals = {"FILE"},
      .synopsis = "[--width PIXELS] [--height PIXELS] [--fit HOW] [--wait] [flags]",
      .summary = "change the dimensions of a video or image",
      .description = absl::StrCat(
          "Enqueues a job that scales FILE. What is not asked for stays as it is where that can be: container, codecs, "
          "sound.\n\n",
          kInputHelp),
      .flags = WithJobFlags(ResizeFlags()),
      .examples = {"spool resize cat.mp4 --width 1280 --wait --download small.mp4",
                   "spool resize --remote in/cat.mp4 --width 800 --height 600 --fit cover"},
      .run =
          [](Session& session, const Arguments& arguments) {
            return EnqueueJob(session, arguments, ResizeRequest(arguments, session.environment().clock->Now()));
          },
  };
}

Command ConvertCommand() {
  return {
      .name = "convert",
      .positionals = {"FILE"},
      .synopsis = "--to FORMAT [--video-codec CODEC] [--audio-codec CODEC] [--wait] [flags]",
      .summary = "change the format or the coding of a video, sound or image",
      .description = absl::StrCat(
          "Enqueues a job that converts FILE. Streams that the new format can hold are copied, the others are encoded "
          "again.\n\n",
          kInputHelp),
      .flags = WithJobFlags(ConvertFlags()),
      .examples = {"spool convert cat.mov --to mp4 --wait --download cat.mp4",
                   "spool convert cat.mp4 --to webm --video-codec av1 --quality 30",
                   "spool convert cat.mp4 --to gif --start 5 --duration 2.5s"},
      .run =
          [](Session& session, const Arguments& arguments) {
            return EnqueueJob(session, arguments, ConvertRequest(arguments, session.environment().clock->Now()));
          },
  };
}

}  // namespace spool::cli

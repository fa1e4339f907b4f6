// spool resize, convert, thumbnail, sprite, preview, run

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

// The run of a command whose flags make `request`.
auto Enqueuing(absl::StatusOr<v1::EnqueueRequest> (*request)(const Arguments& arguments, absl::Time now)) {
  return [request](Session& session, const Arguments& arguments) {
    return EnqueueJob(session, arguments, request(arguments, session.environment().clock->Now()));
  };
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
      .run = Enqueuing(ResizeRequest),
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
      .run = Enqueuing(ConvertRequest),
  };
}

Command ThumbnailCommand() {
  return {
      .name = "thumbnail",
      .positionals = {"FILE"},
      .synopsis = "[--at TIME] [--width PIXELS] [--wait] [flags]",
      .summary = "make a picture of a video",
      .description = absl::StrCat(
          "Enqueues a job that makes one picture of FILE: the one at a given time, or one that stands for the "
          "video.\n\n",
          kInputHelp),
      .flags = WithJobFlags(ThumbnailFlags()),
      .examples = {"spool thumbnail cat.mp4 --width 320 --download cat.jpg", "spool thumbnail cat.mp4 --at 3s"},
      .run = Enqueuing(ThumbnailRequest),
  };
}

Command SpriteCommand() {
  return {
      .name = "sprite",
      .positionals = {"FILE"},
      .synopsis = "[--interval TIME] [--columns NUMBER] [--rows NUMBER] [--wait] [flags]",
      .summary = "make a sheet of small pictures for a timeline",
      .description = absl::StrCat(
          "Enqueues a job that puts small pictures of FILE, at even distances, into one image, and beside it a WebVTT "
          "file that tells players where each is: `spool download ID --vtt` fetches that.\n\n",
          kInputHelp),
      .flags = WithJobFlags(SpriteFlags()),
      .examples = {"spool sprite cat.mp4 --interval 10s --download cat.jpg"},
      .run = Enqueuing(SpriteRequest),
  };
}

Command PreviewCommand() {
  return {
      .name = "preview",
      .positionals = {"FILE"},
      .synopsis = "[--start TIME] [--duration TIME] [--width PIXELS] [--wait] [flags]",
      .summary = "make a short animation of a video",
      .description = absl::StrCat("Enqueues a job that makes a short silent animation of FILE.\n\n", kInputHelp),
      .flags = WithJobFlags(PreviewFlags()),
      .examples = {"spool preview cat.mp4 --download cat.webp",
                   "spool preview cat.mp4 --container gif --start 5s --duration 2s"},
      .run = Enqueuing(PreviewRequest),
  };
}

Command RunPresetCommand() {
  return {
      .name = "run",
      .positionals = {"FILE"},
      .synopsis = "--preset PRESET [--wait] [flags]",
      .summary = "make what a preset says, which may be several outputs",
      .description = absl::StrCat(
          "Enqueues a job that makes of FILE what a preset stands for; `spool presets` lists them. Several outputs "
          "share one decode; `spool download ID --name NAME` fetches one of them.\n\n",
          kInputHelp),
      .flags = WithJobFlags(RunFlags()),
      .examples = {"spool run cat.mp4 --preset web-720p --wait --download cat-720p.mp4",
                   "spool run cat.mp4 --preset hls-ladder --wait"},
      .run = Enqueuing(RunRequest),
  };
}

}  // namespace spool::cli

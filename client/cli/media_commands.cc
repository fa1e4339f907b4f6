// spool upload, download, probe

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/block.h"
#include "client/cli/commands.h"
#include "client/cli/input.h"
#include "client/cli/json.h"
#include "client/cli/text.h"
#include "client/cli/usage_error.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

std::string DescribeStream(const v1::StreamInfo& stream) {
  std::vector<std::string> facts = {absl::StrCat(stream.kind(), " ", stream.codec())};
  if (!stream.profile().empty()) facts.back() += absl::StrCat(" (", stream.profile(), ")");
  if (stream.width() > 0) facts.push_back(absl::StrCat(stream.width(), "x", stream.height()));
  if (stream.rotation() != 0) facts.push_back(absl::StrCat("rotated ", stream.rotation(), "°"));
  if (stream.frame_rate() > 0) facts.push_back(absl::StrFormat("%.6g fps", stream.frame_rate()));
  if (stream.sample_rate() > 0) facts.push_back(absl::StrCat(stream.sample_rate(), " Hz"));
  if (!stream.channel_layout().empty()) facts.push_back(stream.channel_layout());
  if (!stream.format().empty()) facts.push_back(stream.format());
  if (stream.bitrate_bps() > 0) facts.push_back(absl::StrCat(stream.bitrate_bps() / 1000, " kb/s"));
  if (!stream.language().empty()) facts.push_back(stream.language());
  if (stream.attached_picture()) facts.push_back("attached picture");
  return absl::StrJoin(facts, ", ");
}

std::string RenderMedia(const std::string& file, const v1::MediaInfo& media, const TextStyle& style) {
  Block block(style.palette.Paint(Colour::kBold, Escaped(file)), style);
  block.Line("Format", media.format());
  if (media.has_duration()) block.Line("Duration", FormatSeconds(FromProto(media.duration())));
  block.Line("Size", FormatBytes(media.bytes()));
  if (media.bitrate_bps() > 0) block.Line("Bitrate", absl::StrCat(media.bitrate_bps() / 1000, " kb/s"));
  for (const v1::StreamInfo& stream : media.streams()) {
    block.Line(absl::StrCat("Stream ", stream.index()), DescribeStream(stream));
  }
  return block.text();
}

absl::StatusOr<ExitCode> RunUpload(Session& session, const Arguments& arguments) {
  const std::string& file = arguments.positionals()[0];
  absl::StatusOr<v1::UploadMediaResponse> response =
      session.client().Upload(file, session.ShowTransfer(absl::StrCat("uploading ", file)));
  session.screen().SetLive({});
  SPOOL_RETURN_IF_ERROR(response.status());
  session.PrintResult(*response, absl::StrCat(Escaped(response->media_id()), "\n"));
  return ExitCode::kOk;
}

// The path on the server of the file that is asked for; empty when there is none such.
std::string ServerPath(const v1::Job& job, const v1::DownloadMediaRequest& wanted) {
  const v1::JobResult* result = &job.result();
  if (!wanted.output_name().empty()) {
    result = nullptr;
    for (const v1::OutputResult& output : job.result().outputs()) {
      if (output.name() == wanted.output_name()) result = &output.result();
    }
  }
  if (result == nullptr) return "";
  return wanted.vtt() ? result->vtt() : result->output();
}

// The name under which a file is kept here, when the user gives none: the last part of its path there.
absl::StatusOr<std::string> LocalName(const std::string& output) {
  const std::string name = output.substr(output.rfind('/') + 1);
  // The server is not trusted to choose anything but a plain, visible name in this folder.
  if (name.empty() || name[0] == '.' || Escaped(name) != name) {
    return UsageError(absl::StrCat("\"", output, "\" cannot be a name here: give one with --output"));
  }
  return name;
}

absl::StatusOr<ExitCode> RunDownload(Session& session, const Arguments& arguments) {
  v1::DownloadMediaRequest wanted;
  wanted.set_job_id(arguments.positionals()[0]);
  wanted.set_output_name(arguments.Get("name"));
  wanted.set_vtt(arguments.Has("vtt"));
  std::string path = arguments.Get("output");
  client::Existing existing = client::Existing::kReplace;
  if (!arguments.Has("output")) {
    SPOOL_ASSIGN_OR_RETURN(const v1::GetJobResponse job, session.client().GetJob(wanted.job_id()));
    if (job.job().state() != v1::JOB_STATE_COMPLETED) {
      return absl::FailedPreconditionError(
          absl::StrCat("job ", wanted.job_id(), " is not completed: there is nothing to download"));
    }
    const std::string on_server = ServerPath(job.job(), wanted);
    if (on_server.empty() && (arguments.Has("name") || arguments.Has("vtt"))) {
      return absl::NotFoundError(absl::StrCat("job ", wanted.job_id(), " has made no such file"));
    }
    SPOOL_ASSIGN_OR_RETURN(path, LocalName(on_server));
    existing = client::Existing::kKeep;
  }
  const absl::StatusOr<int64_t> bytes =
      session.client().Download(wanted, path, existing, session.ShowTransfer(absl::StrCat("downloading ", path)));
  session.screen().SetLive({});
  if (absl::IsAlreadyExists(bytes.status())) {
    return absl::AlreadyExistsError(absl::StrCat(path, " exists: name it with --output to replace it"));
  }
  SPOOL_RETURN_IF_ERROR(bytes.status());
  session.screen().Print(session.json()
                             ? absl::StrFormat("{\"path\":%s,\"bytes\":\"%d\"}\n", ToJsonString(path), *bytes)
                             : absl::StrCat(path, "\n"));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> RunProbe(Session& session, const Arguments& arguments) {
  const std::string& file = arguments.positionals()[0];
  SPOOL_ASSIGN_OR_RETURN(const std::string input, ResolveInput(session, arguments, file));
  SPOOL_ASSIGN_OR_RETURN(const v1::ProbeMediaResponse response, session.client().ProbeMedia(input));
  session.PrintResult(response.media(), RenderMedia(file, response.media(), session.style()));
  return ExitCode::kOk;
}

}  // namespace

Command UploadCommand() {
  return {
      .name = "upload",
      .positionals = {"FILE"},
      .summary = "store a local file on the server",
      .description = "Prints the id that stands for the file as FILE of `spool resize`, `convert`, `probe` and so on.",
      .examples = {"id=$(spool upload cat.mp4) && spool resize \"$id\" --width 640"},
      .run = RunUpload,
  };
}

Command DownloadCommand() {
  return {
      .name = "download",
      .positionals = {"ID"},
      .synopsis = "[-o PATH] [--name NAME] [--vtt]",
      .summary = "fetch the output of a completed job",
      .description =
          "Writes the file under its name on the server to the current folder, unless there is one of that "
          "name; or to PATH, which is replaced. It appears only when it is complete. Prints its path.",
      .flags = {{"output", "PATH", "Where to write it.", 'o'},
                {"name", "NAME", "Which of several outputs, such as 720p. By default the first that was made."},
                {"vtt", "", "The WebVTT file of a sprite sheet instead of the image."}},
      .examples = {"spool download resize-cat-01JGFJJZ00ABCDEFGHJKMNPQRS -o small.mp4",
                   "spool download outputs-cat-01JGFJJZ00ABCDEFGHJKMNPQRS --name 720p"},
      .run = RunDownload,
  };
}

Command ProbeCommand() {
  return {
      .name = "probe",
      .positionals = {"FILE"},
      .synopsis = "[--remote]",
      .summary = "show what a media file holds",
      .description =
          "Has the server look at FILE: a local file, which is uploaded and stays there; or, with --remote, "
          "a path under the server's media root; or an \"upload:\" id.",
      .flags = {{"remote", "", "FILE is a path under the server's media root: nothing is uploaded."}},
      .examples = {"spool probe cat.mp4 --json"},
      .run = RunProbe,
  };
}

}  // namespace spool::cli

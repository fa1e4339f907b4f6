#include "client/cli/job_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/event_text.h"
#include "client/cli/json.h"
#include "client/cli/table.h"
#include "client/cli/text.h"
#include "client/cli/values.h"
#include "server/base/proto_time.h"

namespace spool::cli {
namespace {

Colour ColourOf(v1::JobState state) {
  switch (state) {
    case v1::JOB_STATE_COMPLETED:
      return Colour::kGreen;
    case v1::JOB_STATE_FAILED:
      return Colour::kRed;
    case v1::JOB_STATE_RUNNING:
      return Colour::kBlue;
    case v1::JOB_STATE_CANCELLED:
      return Colour::kYellow;
    default:
      return Colour::kPlain;
  }
}

std::string StateName(v1::JobState state) { return absl::AsciiStrToUpper(EnumName(state)); }

std::string StateLine(const v1::Job& job) {
  if (job.state() == v1::JOB_STATE_RUNNING && job.has_progress()) {
    return absl::StrFormat("RUNNING, %d%%", static_cast<int>(job.progress().fraction() * 100));
  }
  if (job.queue_position() > 0) return absl::StrCat(StateName(job.state()), ", position ", job.queue_position());
  return StateName(job.state());
}

std::string Labels(const v1::Job& job) {
  std::vector<std::string> labels;
  for (const auto& [key, value] : job.labels()) labels.push_back(absl::StrCat(key, "=", value));
  std::sort(labels.begin(), labels.end());  // The map has no order of its own.
  return absl::StrJoin(labels, ", ");
}

// Dimensions, length and size of what was made.
void AddMade(const v1::JobResult& result, Block& block) {
  block.Line("Output", result.output()).Line("WebVTT", result.vtt());
  if (result.width() > 0) block.Line("Dimensions", absl::StrCat(result.width(), "x", result.height()));
  if (result.has_duration()) block.Line("Duration", FormatSeconds(FromProto(result.duration())));
  block.Line("Size", FormatBytes(result.bytes()));
  std::vector<std::string> codecs;
  for (const std::string* codec : {&result.video_codec(), &result.audio_codec()}) {
    if (!codec->empty()) codecs.push_back(*codec);
  }
  block.Line("Codecs", absl::StrJoin(codecs, ", "));
  if (result.has_measured_lufs()) block.Line("Loudness Before", absl::StrFormat("%.1f LUFS", result.measured_lufs()));
  for (const std::string& warning : result.warnings()) block.Line("Warning", warning);
}

// What was made: of several outputs, each.
void AddAllMade(const v1::JobResult& result, Block& block) {
  if (result.outputs().empty()) {
    AddMade(result, block);
  } else {
    AddOutputs(result, block);
  }
}

// The spec as it was given; of a preset, as that stands for it.
void AddSpec(const v1::Job& job, Block& block) {
  block.Line("Preset", job.preset());
  const google::protobuf::FieldDescriptor* const field =
      job.GetReflection()->GetOneofFieldDescriptor(job, v1::Job::descriptor()->FindOneofByName("spec"));
  if (field != nullptr) block.Line("Spec", ToJson(job.GetReflection()->GetMessage(job, field)));
}

}  // namespace

std::string RenderJob(const v1::Job& job, const TextStyle& style) {
  Block block(style.palette.Paint(Colour::kBold, Escaped(job.id())), style);
  block.Line("State", StateLine(job))
      .Line("Type", EnumName(job.type()))
      .Line("Video", job.video_id())
      .Line("Input", job.input());
  AddSpec(job, block);
  block.Line("Priority", job.priority() != 0 ? absl::StrCat(job.priority()) : "")
      .Line("Labels", Labels(job))
      .Line("Attempt", job.attempt() > 0 ? absl::StrCat(job.attempt()) : "")
      .Line("Interruptions", job.interruptions() > 0 ? absl::StrCat(job.interruptions()) : "")
      .Line("Queued At", job.queued_at())
      .Line("Started At", job.started_at())
      .Line("Next Attempt At", job.next_attempt_at())
      .Line("Completed At", job.completed_at())
      .Line("Failed At", job.failed_at())
      .Line("Cancel Requested At", job.cancel_requested_at())
      .Line("Cancelled At", job.cancelled_at());
  if (job.has_result()) AddAllMade(job.result(), block);
  if (job.has_error()) AddError(job.error(), block);
  return block.text();
}

std::string RenderJobTable(absl::Span<const v1::Job> jobs, const TextStyle& style) {
  std::vector<TableRow> rows = {{"STATE", "TYPE", "QUEUED AT", "VIDEO", "ID"}};
  for (const v1::Job& job : jobs) {
    rows.push_back({StateName(job.state()), EnumName(job.type()), FormatMoment(FromProto(job.queued_at()), style.zone),
                    Escaped(job.video_id()), Escaped(job.id())});
  }
  return RenderTable(rows, "", style.palette, [&](size_t row) { return ColourOf(jobs[row - 1].state()); });
}

std::string RenderOutcome(const v1::Job& job, const TextStyle& style) {
  const bool completed = job.state() == v1::JOB_STATE_COMPLETED;
  const absl::string_view symbol = completed ? "✔" : job.state() == v1::JOB_STATE_FAILED ? "✖" : "⊘";
  Block block(style.palette.Paint(ColourOf(job.state()),
                                  absl::StrCat(symbol, " ", EnumName(job.state()), " ", Escaped(job.id()))),
              style);
  if (completed) {
    AddAllMade(job.result(), block);
    block.Line("Run Time", FormatSeconds(FromProto(job.completed_at()) - FromProto(job.started_at())))
        .Line("Total Time (queued → completed)",
              FormatSeconds(FromProto(job.completed_at()) - FromProto(job.queued_at())));
  } else if (job.has_error()) {
    AddError(job.error(), block);
  }
  return block.text();
}

bool IsTerminal(v1::JobState state) {
  return state == v1::JOB_STATE_COMPLETED || state == v1::JOB_STATE_FAILED || state == v1::JOB_STATE_CANCELLED;
}

}  // namespace spool::cli

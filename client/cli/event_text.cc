#include "client/cli/event_text.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/cli/text.h"
#include "client/cli/values.h"
#include "server/base/proto_time.h"

namespace spool::cli {
namespace {

struct Look {
  absl::string_view symbol;
  Colour colour;
};

Look LookOf(v1::EventType type) {
  switch (type) {
    case v1::EVENT_TYPE_QUEUED:
      return {"●", Colour::kCyan};
    case v1::EVENT_TYPE_STARTED:
      return {"▶", Colour::kBlue};
    case v1::EVENT_TYPE_COMPLETED:
      return {"✔", Colour::kGreen};
    case v1::EVENT_TYPE_FAILED:
      return {"✖", Colour::kRed};
    case v1::EVENT_TYPE_RETRYING:
      return {"↻", Colour::kYellow};
    case v1::EVENT_TYPE_CANCELLED:
      return {"⊘", Colour::kYellow};
    case v1::EVENT_TYPE_SCHEDULED:
      return {"◷", Colour::kCyan};
    case v1::EVENT_TYPE_DELETED:
      return {"−", Colour::kBold};
    case v1::EVENT_TYPE_CANCEL_REQUESTED:
      return {"◌", Colour::kYellow};
    default:
      return {"?", Colour::kBold};
  }
}

// "CANCEL REQUESTED" of "cancel-requested".
std::string Shout(absl::string_view name) { return absl::AsciiStrToUpper(absl::StrReplaceAll(name, {{"-", " "}})); }

std::string Between(const google::protobuf::Timestamp& from, const google::protobuf::Timestamp& to) {
  return FormatSeconds(FromProto(to) - FromProto(from));
}

std::string AttemptLine(int attempt) { return attempt > 1 ? absl::StrCat(attempt) : ""; }

// What every payload has.
template <typename Payload>
Block& Begin(Block& block, const Payload& payload) {
  return block.Line("Job ID", payload.job_id())
      .Line("Type", EnumName(payload.type()))
      .Line("Video", payload.video_id());
}

void AddPayload(const v1::Event& event, const v1::JobQueued& queued, Block& block) {
  Begin(block, queued)
      .Line("Queue Position", absl::StrCat(queued.queue_position()))
      .Line("Queued At", queued.queued_at());
  if (queued.reason() > v1::QUEUED_REASON_ENQUEUED) block.Line("Reason", EnumName(queued.reason()));
  block.Line("Attempts So Far", event.attempt() > 0 ? absl::StrCat(event.attempt()) : "");
}

void AddPayload(const v1::Event& event, const v1::JobStarted& started, Block& block) {
  Begin(block, started)
      .Line("Attempt", AttemptLine(event.attempt()))
      .Line("Started At", started.started_at())
      .Line("Wait Time", Between(started.queued_at(), started.started_at()));
}

void AddPayload(const v1::Event&, const v1::JobCompleted& completed, Block& block) {
  Begin(block, completed);
  AddResult(completed.result(), block);
  block.Line("Duration", FormatSeconds(FromProto(completed.duration())))
      .Line("Total Time (queued → completed)", Between(completed.queued_at(), completed.completed_at()));
}

void AddPayload(const v1::Event& event, const v1::JobFailed& failed, Block& block) {
  Begin(block, failed).Line("Attempt", AttemptLine(event.attempt()));
  AddError(failed.error(), block);
  block.Line("Failed At", failed.failed_at())
      .Line("Total Time (queued → failed)", Between(failed.queued_at(), failed.failed_at()));
}

void AddPayload(const v1::Event& event, const v1::JobRetrying& retrying, Block& block) {
  Begin(block, retrying).Line("Attempt", absl::StrCat(event.attempt()));
  AddError(retrying.error(), block);
  block.Line("Failed At", retrying.failed_at()).Line("Next Attempt At", retrying.next_attempt_at());
}

void AddPayload(const v1::Event&, const v1::JobCancelled& cancelled, Block& block) {
  Begin(block, cancelled).Line("Cancelled At", cancelled.cancelled_at());
}

void AddPayload(const v1::Event&, const v1::JobScheduled& scheduled, Block& block) {
  Begin(block, scheduled).Line("Run At", scheduled.run_at()).Line("Accepted At", scheduled.queued_at());
}

void AddPayload(const v1::Event&, const v1::JobDeleted& deleted, Block& block) { Begin(block, deleted); }

void AddPayload(const v1::Event&, const v1::JobCancelRequested& requested, Block& block) {
  Begin(block, requested).Line("Cancel Requested At", requested.cancel_requested_at());
}

}  // namespace

std::string RenderEvent(const v1::Event& event, const TextStyle& style) {
  const Look look = LookOf(event.type());
  const std::string heading = absl::StrCat(look.symbol, " [JOB ", Shout(EnumName(event.type())), "]");
  Block block(style.palette.Paint(look.colour, heading), style);
  switch (event.payload_case()) {
    case v1::Event::kQueued:
      AddPayload(event, event.queued(), block);
      break;
    case v1::Event::kStarted:
      AddPayload(event, event.started(), block);
      break;
    case v1::Event::kCompleted:
      AddPayload(event, event.completed(), block);
      break;
    case v1::Event::kFailed:
      AddPayload(event, event.failed(), block);
      break;
    case v1::Event::kRetrying:
      AddPayload(event, event.retrying(), block);
      break;
    case v1::Event::kCancelled:
      AddPayload(event, event.cancelled(), block);
      break;
    case v1::Event::kScheduled:
      AddPayload(event, event.scheduled(), block);
      break;
    case v1::Event::kDeleted:
      AddPayload(event, event.deleted(), block);
      break;
    case v1::Event::kCancelRequested:
      AddPayload(event, event.cancel_requested(), block);
      break;
    case v1::Event::PAYLOAD_NOT_SET:
      block.Line("Job ID", event.job_id()).Line("Video", event.video_id());
      break;
  }
  return block.text();
}

std::string RenderSnapshotJob(const v1::Job& job, const TextStyle& style) {
  Block block(style.palette.Paint(Colour::kBold, absl::StrCat("= [JOB ", Shout(EnumName(job.state())), "]")), style);
  block.Line("Job ID", job.id())
      .Line("Type", EnumName(job.type()))
      .Line("Video", job.video_id())
      .Line("Queue Position", job.queue_position() > 0 ? absl::StrCat(job.queue_position()) : "")
      .Line("Queued At", job.queued_at())
      .Line("Started At", job.started_at());
  return block.text();
}

void AddOutputs(const v1::JobResult& result, Block& block) {
  for (const v1::OutputResult& output : result.outputs()) {
    if (output.has_error()) {
      block.Line(absl::StrCat("Failed ", Escaped(output.name())),
                 absl::StrCat(output.error().message(), " (", output.error().reason(), ")"));
      continue;
    }
    const v1::JobResult& made = output.result();
    std::vector<std::string> facts = {made.output()};
    if (made.width() > 0) facts.push_back(absl::StrCat(made.width(), "x", made.height()));
    if (made.has_duration()) facts.push_back(FormatSeconds(FromProto(made.duration())));
    if (made.bytes() > 0) facts.push_back(FormatBytes(made.bytes()));
    if (!made.vtt().empty()) facts.push_back(made.vtt());
    block.Line(absl::StrCat("Output ", Escaped(output.name())), absl::StrJoin(facts, ", "));
    for (const std::string& warning : made.warnings()) {
      block.Line(absl::StrCat("Warning ", Escaped(output.name())), warning);
    }
  }
}

void AddResult(const v1::JobResult& result, Block& block) {
  if (result.width() > 0) {
    block.Line("Result", absl::StrFormat(R"({"width":%d,"height":%d})", result.width(), result.height()));
  }
  if (!result.outputs().empty()) return AddOutputs(result, block);
  block.Line("Output", result.output()).Line("WebVTT", result.vtt());
  for (const std::string& warning : result.warnings()) block.Line("Warning", warning);
}

void AddError(const v1::JobError& error, Block& block) {
  block.Line("Error", error.message())
      .Line("Reason", error.reason())
      .Lines("Stack", error.stack())
      .Lines("Log", absl::StrJoin(error.log_lines(), "\n"));
}

}  // namespace spool::cli

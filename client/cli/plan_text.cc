#include "client/cli/plan_text.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/table.h"
#include "client/cli/text.h"
#include "client/cli/values.h"
#include "server/base/proto_time.h"

namespace spool::cli {
namespace {

absl::string_view ActionOf(v1::StreamAction action) {
  switch (action) {
    case v1::STREAM_ACTION_COPIED:
      return "copy";
    case v1::STREAM_ACTION_ENCODED:
      return "encode";
    case v1::STREAM_ACTION_DROPPED:
      return "drop";
    default:
      return "?";
  }
}

// How a stream is encoded: "libx264, quality 23, veryfast, yuv420p, 1280x720".
std::string Coding(const v1::StreamPlan& stream) {
  if (stream.outcome().action() != v1::STREAM_ACTION_ENCODED) return "";
  std::vector<std::string> facts;
  if (!stream.encoder().empty()) facts.push_back(stream.encoder());
  if (stream.quality() > 0) facts.push_back(absl::StrCat("quality ", stream.quality()));
  if (stream.bitrate_bps() > 0) facts.push_back(absl::StrCat(stream.bitrate_bps() / 1000, " kb/s"));
  if (!stream.preset().empty()) {
    // Some encoders have names for their speeds, others numbers.
    const bool is_number = absl::ascii_isdigit(stream.preset()[0]);
    facts.push_back(is_number ? absl::StrCat("preset ", stream.preset()) : stream.preset());
  }
  if (stream.passes() > 1) facts.push_back(absl::StrCat(stream.passes(), " passes"));
  if (!stream.pixel_format().empty()) facts.push_back(stream.pixel_format());
  if (stream.width() > 0) facts.push_back(absl::StrCat(stream.width(), "x", stream.height()));
  if (stream.sample_rate() > 0) facts.push_back(absl::StrCat(stream.sample_rate(), " Hz"));
  if (stream.channels() > 0) facts.push_back(absl::StrCat(stream.channels(), " ch"));
  return absl::StrJoin(facts, ", ");
}

std::string RenderStreams(const v1::OutputPlan& plan, const TextStyle& style) {
  std::vector<TableRow> rows = {{"STREAM", "KIND", "FROM", "ACTION", "TO", "HOW", "WHY"}};
  for (const v1::StreamPlan& stream : plan.streams()) {
    const v1::StreamOutcome& outcome = stream.outcome();
    rows.push_back({absl::StrCat(outcome.input_index()), Escaped(outcome.kind()), Escaped(outcome.input_codec()),
                    std::string(ActionOf(outcome.action())), Escaped(outcome.output_codec()), Escaped(Coding(stream)),
                    Escaped(outcome.reason())});
  }
  return rows.size() == 1 ? "" : RenderTable(rows, "   ", style.palette);
}

std::string RenderOutput(absl::string_view file, const v1::OutputPlan& plan, const TextStyle& style) {
  const std::string heading =
      plan.name().empty() ? Escaped(file) : absl::StrCat(Escaped(file), " → ", Escaped(plan.name()));
  Block block(style.palette.Paint(Colour::kBold, heading), style);
  if (!plan.error().empty()) return block.Line("Cannot Be Made", plan.error()).text();
  block.Line("Format", EnumName(plan.container()));
  if (plan.width() > 0) block.Line("Dimensions", absl::StrCat(plan.width(), "x", plan.height()));
  if (plan.has_duration()) block.Line("Duration", FormatSeconds(FromProto(plan.duration())));
  if (plan.encoded_megapixels() > 0) {
    block.Line("To Encode", absl::StrFormat("%.0f megapixels", plan.encoded_megapixels()));
  }
  for (const v1::StreamPlan& stream : plan.streams()) {
    if (!stream.filters().empty()) {
      block.Line(absl::StrCat("Filters of ", stream.outcome().input_index()), stream.filters());
    }
  }
  for (const std::string& warning : plan.warnings()) block.Line("Warning", warning);
  return absl::StrCat(block.text(), RenderStreams(plan, style));
}

}  // namespace

std::string RenderPlan(absl::string_view file, const v1::Plan& plan, const TextStyle& style) {
  std::vector<std::string> outputs;
  for (const v1::OutputPlan& output : plan.outputs()) outputs.push_back(RenderOutput(file, output, style));
  return absl::StrJoin(outputs, "\n");
}

std::string RenderPresets(const v1::ListPresetsResponse& presets, const TextStyle& style) {
  std::vector<TableRow> rows = {{"PRESET", "VERSION", "WHAT IT MAKES"}};
  for (const v1::Preset& preset : presets.presets()) {
    rows.push_back({Escaped(preset.name()), absl::StrCat(preset.version()), Escaped(preset.description())});
  }
  return RenderTable(rows, "", style.palette, [](size_t) { return Colour::kBold; });
}

}  // namespace spool::cli

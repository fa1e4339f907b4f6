#include "server/media/ask.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "server/av/failure.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"

namespace spool::media {
namespace {

absl::Status InvalidSpec(absl::string_view message) { return av::Failure(av::Reason::kInvalidSpec, message); }

// How long the input's pictures last; zero when that is unknown.
absl::Duration LengthOf(const InputFacts& input) {
  return input.info.has_duration() ? FromProto(input.info.duration()) : absl::ZeroDuration();
}

absl::StatusOr<TimeRange> RangeOf(const v1::Trim& trim, absl::Duration length) {
  TimeRange range;
  range.start = FromProto(trim.start());
  if (trim.has_duration()) range.end = range.start + FromProto(trim.duration());
  if (length == absl::ZeroDuration()) return range;
  if (range.start >= length) {
    return InvalidSpec(absl::StrCat("the part begins at ", absl::FormatDuration(range.start),
                                    ", but the input lasts only ", absl::FormatDuration(length)));
  }
  // A part that reaches to the end, or beyond it, cuts nothing off.
  if (range.end >= length) range.end = absl::InfiniteDuration();
  return range;
}

absl::Status Fill(const v1::ResizeSpec& spec, absl::Duration length, Ask& ask) {
  ask.container = spec.container();
  ask.video = spec.video();
  ask.audio = spec.audio();
  ask.size = spec;
  ask.needs_picture = true;
  ask.strip_metadata = spec.metadata() == v1::METADATA_POLICY_STRIP;
  ask.fail_on_damage = spec.on_damage() == v1::ON_DAMAGE_FAIL;
  if (spec.has_trim()) {
    SPOOL_ASSIGN_OR_RETURN(ask.range, RangeOf(spec.trim(), length));
  }
  return absl::OkStatus();
}

absl::Status Fill(const v1::ConvertSpec& spec, absl::Duration length, Ask& ask) {
  ask.container = spec.container();
  ask.video = spec.video();
  ask.audio = spec.audio();
  ask.strip_metadata = spec.metadata() == v1::METADATA_POLICY_STRIP;
  ask.fail_on_damage = spec.on_damage() == v1::ON_DAMAGE_FAIL;
  ask.never_larger = spec.never_larger();
  if (spec.has_trim()) {
    SPOOL_ASSIGN_OR_RETURN(ask.range, RangeOf(spec.trim(), length));
  }
  return absl::OkStatus();
}

// What pictures of a video have in common: no sound, and nothing of what was told about the whole.
void FillPicture(v1::Container container, v1::Container usual, int width, int height, v1::Fit fit, int quality,
                 Ask& ask) {
  ask.container = container != v1::CONTAINER_UNSPECIFIED ? container : usual;
  // Another extension than the usual one is as good as a word.
  if (container == v1::CONTAINER_UNSPECIFIED && ask.container_hint != v1::CONTAINER_UNSPECIFIED) {
    ask.container = ask.container_hint;
  }
  ask.video.set_quality(quality);
  ask.audio.set_mute(true);
  ask.needs_picture = true;
  ask.strip_metadata = true;
  if (width == 0 && height == 0) return;
  ask.size.emplace();
  ask.size->set_width(width);
  ask.size->set_height(height);
  ask.size->set_fit(fit);
}

absl::Status Fill(const v1::ThumbnailSpec& spec, absl::Duration length, Ask& ask) {
  FillPicture(spec.container(), v1::CONTAINER_JPEG, spec.width(), spec.height(),
              spec.fit() == v1::FIT_UNSPECIFIED ? v1::FIT_CONTAIN : spec.fit(), spec.quality(), ask);
  ask.one_picture = true;
  if (spec.has_at()) {
    ask.range.start = FromProto(spec.at());
    // Beyond the end is the end; what exactly is the last picture shows only when they are decoded.
    if (length > absl::ZeroDuration()) ask.range.start = std::min(ask.range.start, length);
  } else if (length > absl::ZeroDuration()) {
    // As many pictures as are worth looking at for one.
    constexpr absl::Duration kLookAt = absl::Seconds(2);
    ask.range.start = length / 10;
    ask.range.end = ask.range.start + kLookAt;
    ask.typical = true;
  }
  return absl::OkStatus();
}

absl::Status Fill(const v1::SpriteSheetSpec& spec, absl::Duration length, Ask& ask) {
  constexpr int kUsualTiles = 10, kUsualWidth = 160, kUsualQuality = 75;
  FillPicture(spec.container(), v1::CONTAINER_JPEG, spec.tile_width() > 0 ? spec.tile_width() : kUsualWidth, 0,
              v1::FIT_CONTAIN, spec.quality() > 0 ? spec.quality() : kUsualQuality, ask);
  ask.one_picture = true;
  const int columns = spec.columns() > 0 ? spec.columns() : kUsualTiles;
  const int most = columns * (spec.rows() > 0 ? spec.rows() : kUsualTiles);
  Sheet sheet;
  if (length > absl::ZeroDuration()) {
    sheet.interval = spec.has_interval() ? FromProto(spec.interval()) : std::max(absl::Seconds(1), length / most);
    sheet.interval = std::max(sheet.interval, length / most);
    sheet.count = std::clamp(static_cast<int>(std::ceil(absl::FDivDuration(length, sheet.interval) - 1e-6)), 1, most);
  } else {
    sheet.interval = spec.has_interval() ? FromProto(spec.interval()) : absl::Seconds(1);
    sheet.count = most;
  }
  sheet.columns = std::min(columns, sheet.count);
  sheet.rows = (sheet.count + columns - 1) / columns;
  ask.sheet = sheet;
  return absl::OkStatus();
}

absl::Status Fill(const v1::PreviewSpec& spec, absl::Duration length, Ask& ask) {
  constexpr int kUsualWidth = 320, kUsualQuality = 75, kUsualRate = 10;
  const bool has_size = spec.width() > 0 || spec.height() > 0;
  FillPicture(spec.container(), v1::CONTAINER_WEBP, has_size ? spec.width() : kUsualWidth, spec.height(),
              v1::FIT_CONTAIN, spec.quality() > 0 ? spec.quality() : kUsualQuality, ask);
  ask.animated = true;
  ask.video.set_frame_rate(spec.frame_rate() > 0 ? spec.frame_rate() : kUsualRate);
  const absl::Duration wanted = spec.has_duration() ? FromProto(spec.duration()) : absl::Seconds(3);
  v1::Trim trim;
  *trim.mutable_duration() = ToProto(wanted);
  *trim.mutable_start() =
      spec.has_start() ? spec.start() : ToProto(std::max(absl::ZeroDuration(), std::min(length / 10, length - wanted)));
  SPOOL_ASSIGN_OR_RETURN(ask.range, RangeOf(trim, length));
  return absl::OkStatus();
}

}  // namespace

Task TaskOf(const v1::OutputSpec& spec, v1::Container container_hint) {
  Task task;
  task.container_hint = container_hint;
  task.name = spec.name();
  switch (spec.spec_case()) {
    case v1::OutputSpec::kResize:
      task.spec = spec.resize();
      break;
    case v1::OutputSpec::kConvert:
    case v1::OutputSpec::SPEC_NOT_SET:
      task.spec = spec.convert();
      break;
    case v1::OutputSpec::kThumbnail:
      task.spec = spec.thumbnail();
      break;
    case v1::OutputSpec::kSpriteSheet:
      task.spec = spec.sprite_sheet();
      break;
    case v1::OutputSpec::kPreview:
      task.spec = spec.preview();
      break;
  }
  return task;
}

absl::StatusOr<Ask> AskOf(const Task& task, const InputFacts& input) {
  Ask ask;
  ask.container_hint = task.container_hint;
  const absl::Duration length = LengthOf(input);
  SPOOL_RETURN_IF_ERROR(std::visit([&](const auto& spec) { return Fill(spec, length, ask); }, task.spec));
  return ask;
}

}  // namespace spool::media

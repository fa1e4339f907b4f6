// What was asked for, in one form for every kind of spec. Pure.

#ifndef SPOOL_SERVER_MEDIA_ASK_H_
#define SPOOL_SERVER_MEDIA_ASK_H_

#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/media/input_facts.h"
#include "spool/v1/job.pb.h"

namespace spool::media {

// One output as the caller names it.
struct Task {
  std::variant<v1::ResizeSpec, v1::ConvertSpec, v1::ThumbnailSpec, v1::SpriteSheetSpec, v1::PreviewSpec> spec;
  // Used when the spec names no container; may be unspecified.
  v1::Container container_hint = v1::CONTAINER_UNSPECIFIED;
  // Among several; else empty.
  std::string name;
};

// `spec` is set.
Task TaskOf(const v1::OutputSpec& spec, v1::Container container_hint);

// Part of the input's timeline, from its beginning.
struct TimeRange {
  absl::Duration start = absl::ZeroDuration();
  absl::Duration end = absl::InfiniteDuration();
  bool is_all() const { return start == absl::ZeroDuration() && end == absl::InfiniteDuration(); }
  friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

// Pictures at even distances, side by side in one.
struct Sheet {
  absl::Duration interval;
  int columns = 1;
  int rows = 1;
  // Of columns * rows, how many have a picture.
  int count = 1;
  friend bool operator==(const Sheet&, const Sheet&) = default;
};

struct Ask {
  v1::Container container = v1::CONTAINER_UNSPECIFIED;
  v1::Container container_hint = v1::CONTAINER_UNSPECIFIED;
  v1::VideoOptions video;
  v1::AudioOptions audio;
  // The picture's new dimensions; absent when it keeps its own.
  std::optional<v1::ResizeSpec> size;
  // What no picture would make senseless: everything but a convert.
  bool needs_picture = false;
  TimeRange range;
  bool strip_metadata = false;
  bool fail_on_damage = false;
  bool never_larger = false;

  // One picture, the first of the range...
  bool one_picture = false;
  // ... or rather the most typical of its first ones.
  bool typical = false;
  // Moves, though the container is known for stills.
  bool animated = false;
  std::optional<Sheet> sheet;
};

// INVALID_SPEC if `task` makes no sense for an input of this length.
absl::StatusOr<Ask> AskOf(const Task& task, const InputFacts& input);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_ASK_H_

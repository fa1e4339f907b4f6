// What will be done with each stream of an input, and why. Pure: decides everything that can be decided before a frame
// is decoded, so that it can be tested without encoding one.

#ifndef SPOOL_SERVER_MEDIA_PLAN_H_
#define SPOOL_SERVER_MEDIA_PLAN_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/media/formats.h"
#include "server/media/geometry.h"
#include "server/media/input_facts.h"
#include "spool/v1/job.pb.h"

namespace spool::media {

// What was asked for.
struct Task {
  std::variant<v1::ResizeSpec, v1::ConvertSpec> spec;
  // Used when the spec names no container; may be unspecified.
  v1::Container container_hint = v1::CONTAINER_UNSPECIFIED;
};

// The most audio streams that an output gets.
inline constexpr int kMaxAudioStreams = 8;

struct VideoTarget {
  const VideoEncoderFacts* encoder = nullptr;
  Size size;
  v1::Fit fit = v1::FIT_CONTAIN;
  Rounding rounding = Rounding::kEven;
  Orientation orientation;
  // 0 when bitrate_bps rules.
  int quality = 0;
  int64_t bitrate_bps = 0;
  std::string preset;
  // Codes 10 bits a sample; else 8.
  bool ten_bit = false;
  // Brings PQ or HLG down to what an 8-bit picture can show.
  bool tone_map = false;
  // Puts transparent pictures on white.
  bool flatten = false;
  // Only the first picture.
  bool one_frame = false;
};

struct AudioTarget {
  AVCodecID codec = AV_CODEC_ID_NONE;
  int sample_rate = 0;
  // A native-order layout with this many channels.
  AVChannelLayout layout = {};
  int64_t bitrate_bps = 0;
};

struct SubtitleTarget {
  AVCodecID codec = AV_CODEC_ID_NONE;
};

// One input stream. `target` is empty unless it is encoded.
struct StreamPlan {
  v1::StreamOutcome outcome;
  std::variant<std::monostate, VideoTarget, AudioTarget, SubtitleTarget> target;
};

// Part of the input's timeline, from its beginning.
struct TimeRange {
  absl::Duration start = absl::ZeroDuration();
  absl::Duration end = absl::InfiniteDuration();
  bool is_all() const { return start == absl::ZeroDuration() && end == absl::InfiniteDuration(); }
};

struct Plan {
  v1::Container container = v1::CONTAINER_UNSPECIFIED;
  // In the input's order; outputs are in the same order.
  std::vector<StreamPlan> streams;
  // Index of the stream that gives the picture; -1 when there is none.
  int main_video = -1;
  TimeRange range;
  std::vector<std::string> warnings;
};

// INVALID_SPEC if `task` cannot be done with this input, UNSUPPORTED_MEDIA if Spool cannot decode what it would need.
absl::StatusOr<Plan> MakePlan(const InputFacts& input, const Task& task);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_PLAN_H_

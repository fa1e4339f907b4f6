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
#include "server/media/ask.h"
#include "server/media/formats.h"
#include "server/media/geometry.h"
#include "server/media/input_facts.h"
#include "spool/v1/job.pb.h"

namespace spool::media {

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
  // Puts transparent pictures on `matte`.
  bool flatten = false;
  // 0xRRGGBB: bars, and what transparent pictures lie on.
  uint32_t bars = 0x000000;
  uint32_t matte = 0xffffff;
  v1::CropGravity gravity = v1::CROP_GRAVITY_CENTER;
  v1::PixelFormat pixel_format = v1::PIXEL_FORMAT_UNSPECIFIED;
  v1::Scaler scaler = v1::SCALER_ZIMG;
  // Only one picture comes out...
  bool one_frame = false;
  // ... and it is the most typical of those that go in, or a sheet of them.
  bool typical = false;
  std::optional<Sheet> sheet;
  // 0/1: the input's timestamps.
  AVRational frame_rate = {0, 1};
  // Zero: where the encoder likes.
  absl::Duration keyframe_interval = absl::ZeroDuration();
  // 2: the whole input is looked at before.
  int passes = 1;

  // What is encoded: the picture, or all of the sheet's.
  Size frame() const { return sheet.has_value() ? Size{size.width * sheet->columns, size.height * sheet->rows} : size; }
};

// Loudness to come to, by EBU R128.
struct LoudnessTarget {
  double integrated_lufs = -16;
  double true_peak_dbtp = -1.5;
  double range_lu = 11;
};

struct AudioTarget {
  AVCodecID codec = AV_CODEC_ID_NONE;
  int sample_rate = 0;
  // A native-order layout with this many channels.
  AVChannelLayout layout = {};
  int64_t bitrate_bps = 0;
  std::optional<LoudnessTarget> loudness;
};

struct SubtitleTarget {
  AVCodecID codec = AV_CODEC_ID_NONE;
};

// One input stream. `target` is empty unless it is encoded.
struct StreamPlan {
  v1::StreamOutcome outcome;
  std::variant<std::monostate, VideoTarget, AudioTarget, SubtitleTarget> target;
};

struct Plan {
  v1::Container container = v1::CONTAINER_UNSPECIFIED;
  // In the input's order; outputs are in the same order.
  std::vector<StreamPlan> streams;
  // Index of the stream that gives the picture; -1 when there is none.
  int main_video = -1;
  TimeRange range;
  bool strip_metadata = false;
  // Ends at the first damage that shows.
  bool fail_on_damage = false;
  // If it comes out larger than the input: copy instead.
  bool never_larger = false;
  // Most bytes of the whole output; 0: as many as it takes.
  int64_t target_bytes = 0;
  // Length of the output, as far as the input's header is to be believed; zero when unknown or a still.
  absl::Duration duration = absl::ZeroDuration();
  std::vector<std::string> warnings;

  // Null when no picture is encoded.
  const VideoTarget* video() const;
  // Whether anything is; else all is copied.
  bool encodes() const;
};

// INVALID_SPEC if `task` cannot be done with this input, UNSUPPORTED_MEDIA if Spool cannot decode what it would need.
absl::StatusOr<Plan> MakePlan(const InputFacts& input, const Task& task);

// The plan for people and callers. Estimates what the header does not tell.
v1::OutputPlan Describe(const Plan& plan, const InputFacts& input);
// Millions of pixels to decode for `plan`, all passes; what several plans share is to be counted once.
double DecodedMegapixels(const Plan& plan, const InputFacts& input);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_PLAN_H_

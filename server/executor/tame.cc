#include "server/executor/tame.h"

#include <algorithm>
#include <cmath>

#include "absl/time/time.h"
#include "google/protobuf/repeated_field.h"
#include "server/base/proto_time.h"

namespace spool::executor {
namespace {

constexpr int kMaxStreams = 256;
constexpr int kMaxWarnings = 16;
constexpr size_t kMaxNameBytes = 64;
constexpr size_t kMaxReasonBytes = 512;

template <typename T>
void Cut(google::protobuf::RepeatedPtrField<T>& list, int size) {
  if (list.size() > size) list.DeleteSubrange(size, list.size() - size);
}

void TameText(std::string* text, size_t max_bytes) { *text = Tame(*text, max_bytes); }

void TameTexts(google::protobuf::RepeatedPtrField<std::string>& texts, int most) {
  Cut(texts, most);
  for (std::string& text : texts) TameText(&text, kMaxReasonBytes);
}

google::protobuf::Duration TameDuration(const google::protobuf::Duration& duration) {
  return ToProto(std::clamp(FromProto(duration), absl::ZeroDuration(), absl::Duration(absl::Hours(24 * 365))));
}

v1::Container TameContainer(v1::Container container) {
  return v1::Container_IsValid(container) ? container : v1::CONTAINER_UNSPECIFIED;
}

void TameOutcome(v1::StreamOutcome& outcome) {
  TameText(outcome.mutable_kind(), kMaxNameBytes);
  TameText(outcome.mutable_input_codec(), kMaxNameBytes);
  TameText(outcome.mutable_output_codec(), kMaxNameBytes);
  TameText(outcome.mutable_reason(), kMaxReasonBytes);
  if (!v1::StreamAction_IsValid(outcome.action())) outcome.set_action(v1::STREAM_ACTION_UNSPECIFIED);
}

}  // namespace

std::string Tame(absl::string_view text, size_t max_bytes) {
  std::string tame;
  for (const char c : text.substr(0, max_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    tame += (byte < 0x20 && c != '\n' && c != '\t') || byte >= 0x7f ? '?' : c;
  }
  return tame;
}

double TameAmount(double value) { return std::isfinite(value) ? std::max(value, 0.0) : 0.0; }

v1::JobProgress Tame(const v1::JobProgress& told, const v1::JobProgress& last, const std::vector<std::string>& names,
                     int attempt) {
  v1::JobProgress progress;
  progress.set_fraction(std::clamp(TameAmount(told.fraction()), last.fraction(), 1.0));
  progress.set_basis(v1::ProgressBasis_IsValid(told.basis()) ? told.basis() : v1::PROGRESS_BASIS_INDETERMINATE);
  progress.set_frames(std::max(told.frames(), last.frames()));
  progress.set_fps(TameAmount(told.fps()));
  progress.set_speed(TameAmount(told.speed()));
  if (told.has_eta()) *progress.mutable_eta() = TameDuration(told.eta());
  if (told.has_media_time()) *progress.mutable_media_time() = TameDuration(told.media_time());
  progress.set_bytes(std::max(told.bytes(), last.bytes()));
  progress.set_attempt(attempt);
  for (size_t i = 0; i < names.size(); ++i) {
    const auto of_this = [&](const v1::OutputProgress& one) { return one.name() == names[i]; };
    const auto found = std::find_if(told.outputs().begin(), told.outputs().end(), of_this);
    const v1::OutputProgress before = i < last.outputs_size() ? last.outputs(i) : v1::OutputProgress();
    const v1::OutputProgress& now = found == told.outputs().end() ? before : *found;
    v1::OutputProgress& output = *progress.add_outputs();
    output.set_name(names[i]);
    output.set_fraction(std::clamp(TameAmount(now.fraction()), before.fraction(), 1.0));
    output.set_frames(std::max(now.frames(), before.frames()));
    output.set_bytes(std::max(now.bytes(), before.bytes()));
    if (now.has_media_time()) *output.mutable_media_time() = TameDuration(now.media_time());
  }
  return progress;
}

v1::OutputPlan Tame(v1::OutputPlan plan, absl::string_view name) {
  plan.set_name(std::string(name));
  plan.set_container(TameContainer(plan.container()));
  Cut(*plan.mutable_streams(), kMaxStreams);
  for (v1::StreamPlan& stream : *plan.mutable_streams()) {
    TameOutcome(*stream.mutable_outcome());
    TameText(stream.mutable_encoder(), kMaxNameBytes);
    TameText(stream.mutable_pixel_format(), kMaxNameBytes);
    TameText(stream.mutable_filters(), 2048);
    TameText(stream.mutable_preset(), kMaxNameBytes);
  }
  if (plan.has_duration()) *plan.mutable_duration() = TameDuration(plan.duration());
  TameTexts(*plan.mutable_warnings(), kMaxWarnings);
  plan.set_encoded_megapixels(TameAmount(plan.encoded_megapixels()));
  TameText(plan.mutable_error(), kMaxTextBytes);
  return plan;
}

v1::JobResult Tame(v1::JobResult result) {
  result.clear_output();
  result.clear_vtt();
  result.clear_plan();
  result.clear_outputs();
  result.set_container(TameContainer(result.container()));
  if (result.has_duration()) *result.mutable_duration() = TameDuration(result.duration());
  TameText(result.mutable_sha256(), 64);
  TameText(result.mutable_video_codec(), kMaxNameBytes);
  TameText(result.mutable_audio_codec(), kMaxNameBytes);
  TameTexts(*result.mutable_warnings(), kMaxWarnings);
  Cut(*result.mutable_streams(), kMaxStreams);
  for (v1::StreamOutcome& stream : *result.mutable_streams()) TameOutcome(stream);
  if (!std::isfinite(result.measured_lufs())) result.clear_measured_lufs();
  return result;
}

v1::MediaInfo Tame(v1::MediaInfo media) {
  TameText(media.mutable_format(), 128);
  if (media.has_duration()) *media.mutable_duration() = TameDuration(media.duration());
  Cut(*media.mutable_streams(), kMaxStreams);
  for (v1::StreamInfo& stream : *media.mutable_streams()) {
    for (std::string* text :
         {stream.mutable_kind(), stream.mutable_codec(), stream.mutable_profile(), stream.mutable_sample_aspect_ratio(),
          stream.mutable_format(), stream.mutable_channel_layout(), stream.mutable_language()}) {
      TameText(text, 128);
    }
    if (stream.has_duration()) *stream.mutable_duration() = TameDuration(stream.duration());
    stream.set_frame_rate(TameAmount(stream.frame_rate()));
  }
  return media;
}

}  // namespace spool::executor

#include "server/media/loudness.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "server/av/failure.h"
#include "server/av/filter_graph.h"
#include "server/base/status_macros.h"

namespace spool::media {
namespace {

constexpr double kSilence = -70;

double ValueOf(const AVFrame& frame, const char* key, double otherwise) {
  const AVDictionaryEntry* entry = av_dict_get(frame.metadata, key, nullptr, 0);
  double value = otherwise;
  return entry != nullptr && absl::SimpleAtod(entry->value, &value) && std::isfinite(value) ? value : otherwise;
}

// The filter notes the figures so far on every frame that it lets through.
void Note(const AVFrame& frame, MeasuredLoudness& measured) {
  measured.integrated_lufs = ValueOf(frame, "lavfi.r128.I", measured.integrated_lufs);
  measured.range_lu = ValueOf(frame, "lavfi.r128.LRA", measured.range_lu);
  const double peak = ValueOf(frame, "lavfi.r128.true_peak", 0);
  if (peak > 0) measured.true_peak_dbtp = std::max(measured.true_peak_dbtp, 20 * std::log10(peak));
}

// Sound may change its rate or channels on the way; each kind has a graph, and all go on counting as one.
class Meter {
 public:
  absl::Status Hear(av::FramePtr frame) {
    if (graph_ == nullptr) {
      SPOOL_ASSIGN_OR_RETURN(graph_, av::FilterGraph::Create(*frame, kChain, 1));
      rate_ = frame->sample_rate;
      format_ = frame->format;
      channels_ = frame->ch_layout.nb_channels;
    }
    const bool same =
        rate_ == frame->sample_rate && format_ == frame->format && channels_ == frame->ch_layout.nb_channels;
    // What comes in another form is left out of the measure, not of the output.
    if (!same) return absl::OkStatus();
    SPOOL_RETURN_IF_ERROR(graph_->Push(std::move(frame)));
    return Drain();
  }
  absl::Status End() {
    if (graph_ == nullptr) return absl::OkStatus();
    SPOOL_RETURN_IF_ERROR(graph_->Push(nullptr));
    return Drain();
  }
  const MeasuredLoudness& measured() const { return measured_; }

 private:
  static constexpr char kChain[] = "aresample=48000,ebur128=metadata=1:peak=true:framelog=verbose";

  absl::Status Drain() {
    for (;;) {
      SPOOL_ASSIGN_OR_RETURN(const av::FramePtr heard, graph_->Pull());
      if (heard == nullptr) return absl::OkStatus();
      Note(*heard, measured_);
    }
  }

  std::unique_ptr<av::FilterGraph> graph_;
  int rate_ = 0;
  int format_ = -1;
  int channels_ = 0;
  MeasuredLoudness measured_;
};

}  // namespace

absl::StatusOr<MeasuredLoudness> MeasureLoudness(std::unique_ptr<FrameSource> source,
                                                 absl::AnyInvocable<absl::Status(absl::Duration)> after_frame) {
  Meter meter;
  for (;;) {
    SPOOL_ASSIGN_OR_RETURN(Pulled<av::FramePtr> pulled, source->Next());
    if (std::holds_alternative<NotYet>(pulled)) {
      return av::Failure(av::Reason::kLimitExceeded, "the sound lies too far behind the other streams");
    }
    if (std::holds_alternative<End>(pulled)) break;
    av::FramePtr frame = std::get<av::FramePtr>(std::move(pulled));
    const int64_t micros = av_rescale_q(frame->pts, frame->time_base, AV_TIME_BASE_Q);
    SPOOL_RETURN_IF_ERROR(meter.Hear(std::move(frame)));
    SPOOL_RETURN_IF_ERROR(after_frame(absl::Microseconds(std::max<int64_t>(micros, 0))));
  }
  SPOOL_RETURN_IF_ERROR(meter.End());
  return meter.measured();
}

std::string LoudnessChain(const MeasuredLoudness& measured, const LoudnessTarget& target) {
  if (measured.integrated_lufs <= kSilence) return "";
  const double gain = target.integrated_lufs - measured.integrated_lufs;
  // Half of what a listener could tell, and of what meters agree on.
  if (std::abs(gain) < 0.05 && measured.true_peak_dbtp <= target.true_peak_dbtp && measured.range_lu <= target.range_lu)
    return "";
  if (measured.range_lu <= target.range_lu && measured.true_peak_dbtp + gain <= target.true_peak_dbtp) {
    return absl::StrFormat("volume=%.4fdB", gain);
  }
  // The threshold lies ten below the loudness, as the recommendation has it.
  return absl::StrFormat(
      "loudnorm=I=%.2f:TP=%.2f:LRA=%.2f:measured_I=%.2f:measured_TP=%.2f:measured_LRA=%.2f:measured_thresh=%.2f",
      target.integrated_lufs, target.true_peak_dbtp, target.range_lu, measured.integrated_lufs,
      std::clamp(measured.true_peak_dbtp, -99.0, 99.0), std::clamp(measured.range_lu, 0.0, 99.0),
      std::max(measured.integrated_lufs - 10, -99.0));
}

}  // namespace spool::media

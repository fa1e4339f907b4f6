#include "server/media/filters.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/base/status_macros.h"

namespace spool::media {

absl::StatusOr<Pulled<av::FramePtr>> FilterStage::Next() {
  for (;;) {
    if (graph_ != nullptr) {
      SPOOL_ASSIGN_OR_RETURN(av::FramePtr filtered, graph_->Pull());
      if (filtered != nullptr) return filtered;
    }
    if (waiting_ != nullptr) {
      SPOOL_ASSIGN_OR_RETURN(graph_, av::FilterGraph::Create(*waiting_, Chain(), threads_));
      SPOOL_RETURN_IF_ERROR(graph_->Push(std::move(waiting_)));
      continue;
    }
    if (source_ended_) return End{};
    SPOOL_ASSIGN_OR_RETURN(Pulled<av::FramePtr> pulled, source_->Next());
    if (std::holds_alternative<NotYet>(pulled)) return pulled;
    if (auto* frame = std::get_if<av::FramePtr>(&pulled); frame != nullptr) {
      SPOOL_RETURN_IF_ERROR(Push(std::move(*frame)));
    } else {
      source_ended_ = true;
      if (graph_ != nullptr) SPOOL_RETURN_IF_ERROR(graph_->Push(nullptr));
    }
  }
}

absl::Status FilterStage::Push(av::FramePtr frame) {
  if (!IsNewKind(*frame)) return graph_->Push(std::move(frame));
  waiting_ = std::move(frame);
  return graph_ != nullptr ? graph_->Push(nullptr) : absl::OkStatus();
}

VideoFilter::VideoFilter(std::unique_ptr<FrameSource> source, const VideoTarget& target, double pixel_aspect,
                         bool interlaced, int threads)
    : FilterStage(std::move(source), threads),
      target_(target),
      pixel_aspect_(av_d2q(pixel_aspect, 1 << 16)),
      interlaced_(interlaced) {}

bool VideoFilter::IsNewKind(const AVFrame& frame) {
  FrameShape shape = FrameShape::Of(frame);
  if (frame.sample_aspect_ratio.num == 0) shape.pixel_aspect = pixel_aspect_;
  interlaced_ |= shape.interlaced;
  shape.interlaced = interlaced_;
  if (shape_.has_value() && *shape_ == shape) return false;
  shape_ = shape;
  return true;
}

std::string VideoFilter::Chain() { return VideoChain(*shape_, target_); }

AudioFilter::AudioFilter(std::unique_ptr<FrameSource> source, const AudioTarget& target, const TimeRange& range,
                         AVSampleFormat format, const std::string& loudness)
    : FilterStage(std::move(source), /*threads=*/1) {
  std::array<char, 64> layout = {};
  av_channel_layout_describe(&target.layout, layout.data(), layout.size());
  // async=1: gaps in the timestamps become silence and overlaps are cut, or sound would drift from the picture.
  // The loudness filters bring the rate up, so the last word on it comes after them.
  const std::string adjust = loudness.empty() ? "" : absl::StrCat(loudness, ",aresample=", target.sample_rate, ",");
  chain_ = absl::StrCat("aresample=", target.sample_rate, ":async=1:min_hard_comp=0.1,", adjust,
                        "aformat=sample_fmts=", av_get_sample_fmt_name(format), ":sample_rates=", target.sample_rate,
                        ":channel_layouts=", layout.data());
  if (!range.is_all()) {
    const double length = absl::ToDoubleSeconds(range.end - range.start);
    absl::StrAppend(&chain_, ",atrim=start=0",
                    range.end == absl::InfiniteDuration() ? "" : absl::StrCat(":end=", length));
  }
}

bool AudioFilter::IsNewKind(const AVFrame& frame) {
  const uint64_t mask = frame.ch_layout.order == AV_CHANNEL_ORDER_NATIVE ? frame.ch_layout.u.mask : 0;
  const bool same = sample_rate_ == frame.sample_rate && format_ == frame.format &&
                    channels_ == frame.ch_layout.nb_channels && layout_mask_ == mask;
  sample_rate_ = frame.sample_rate;
  format_ = frame.format;
  channels_ = frame.ch_layout.nb_channels;
  layout_mask_ = mask;
  return !same;
}

}  // namespace spool::media

// Frames as they are decoded to frames as the encoder wants them.

#ifndef SPOOL_SERVER_MEDIA_FILTERS_H_
#define SPOOL_SERVER_MEDIA_FILTERS_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/av/filter_graph.h"
#include "server/av/handles.h"
#include "server/media/plan.h"
#include "server/media/stage.h"
#include "server/media/video_chain.h"

namespace spool::media {

// Pulls frames through a graph, and builds another one when the frames change in kind.
class FilterStage : public FrameSource {
 public:
  absl::StatusOr<Pulled<av::FramePtr>> Next() override;

 protected:
  FilterStage(std::unique_ptr<FrameSource> source, int threads) : source_(std::move(source)), threads_(threads) {}

  // Whether `frame` is of another kind than the frame before it, or the first.
  virtual bool IsNewKind(const AVFrame& frame) = 0;
  // The chain for frames of the last kind that IsNewKind saw.
  virtual std::string Chain() = 0;

 private:
  absl::Status Push(av::FramePtr frame);

  const std::unique_ptr<FrameSource> source_;
  const int threads_;
  std::unique_ptr<av::FilterGraph> graph_;
  // The first frame of another kind, while the old graph gives its last ones.
  av::FramePtr waiting_;
  bool source_ended_ = false;
};

class VideoFilter : public FilterStage {
 public:
  VideoFilter(std::unique_ptr<FrameSource> source, const VideoTarget& target, double pixel_aspect, bool interlaced,
              int threads);

 protected:
  bool IsNewKind(const AVFrame& frame) override;
  std::string Chain() override;

 private:
  const VideoTarget target_;
  // The container's word on the pixels' shape, for codecs that have none of their own.
  const AVRational pixel_aspect_;
  bool interlaced_;
  std::optional<FrameShape> shape_;
};

class AudioFilter : public FilterStage {
 public:
  // `range` cuts to the sample; times are counted from its start already. `loudness` is what else is done to the sound
  // (LoudnessChain), may be empty.
  AudioFilter(std::unique_ptr<FrameSource> source, const AudioTarget& target, const TimeRange& range,
              AVSampleFormat format, const std::string& loudness);

 protected:
  bool IsNewKind(const AVFrame& frame) override;
  std::string Chain() override { return chain_; }

 private:
  std::string chain_;
  int sample_rate_ = 0;
  int format_ = -1;
  int channels_ = 0;
  uint64_t layout_mask_ = 0;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_FILTERS_H_

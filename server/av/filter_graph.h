// A chain of libavfilter filters with one way in and one way out.

#ifndef SPOOL_SERVER_AV_FILTER_GRAPH_H_
#define SPOOL_SERVER_AV_FILTER_GRAPH_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/av/handles.h"
#include "server/av/libav.h"

namespace spool::av {

// Takes frames like the one it was made for: same size and format, or same rate and layout. Not thread-safe.
class FilterGraph {
 public:
  // `chain` is in libavfilter's notation, such as "scale=64:64,format=yuv420p"; INTERNAL if libav refuses it, since it
  // is Spool that wrote it. `like` has its time_base set.
  static absl::StatusOr<std::unique_ptr<FilterGraph>> Create(const AVFrame& like, const std::string& chain,
                                                             int threads);

  // Gives it the next frame, or, with null, the end.
  absl::Status Push(FramePtr frame);

  // The next filtered frame with its time_base set; null when there is none until more is pushed, or none any more.
  absl::StatusOr<FramePtr> Pull();

 private:
  FilterGraph() = default;
  absl::Status Build(const AVFrame& like, const std::string& chain);

  FilterGraphPtr graph_;
  // Owned by graph_.
  AVFilterContext* source_ = nullptr;
  AVFilterContext* sink_ = nullptr;
};

}  // namespace spool::av

#endif  // SPOOL_SERVER_AV_FILTER_GRAPH_H_

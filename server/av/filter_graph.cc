#include "server/av/filter_graph.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/av/error.h"
#include "server/av/failure.h"
#include "server/base/status_macros.h"

namespace spool::av {
namespace {

using SourceParametersPtr = std::unique_ptr<AVBufferSrcParameters, FreeByValue<&av_free>>;

absl::Status NoMemory() { return Failure(Reason::kOutOfMemory, "no memory for a filter graph"); }

absl::Status SetSource(AVFilterContext* source, const AVFrame& like) {
  SourceParametersPtr parameters(av_buffersrc_parameters_alloc());
  if (parameters == nullptr) return NoMemory();
  parameters->format = like.format;
  parameters->time_base = like.time_base;
  parameters->width = like.width;
  parameters->height = like.height;
  parameters->sample_aspect_ratio = like.sample_aspect_ratio;
  parameters->sample_rate = like.sample_rate;
  if (like.width == 0) {
    if (int rc = av_channel_layout_copy(&parameters->ch_layout, &like.ch_layout); rc < 0) return NoMemory();
  }
  const int rc = av_buffersrc_parameters_set(source, parameters.get());
  av_channel_layout_uninit(&parameters->ch_layout);
  return rc < 0 ? AvError(rc, "set up a filter source") : absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<FilterGraph>> FilterGraph::Create(const AVFrame& like, const std::string& chain,
                                                                 int threads) {
  std::unique_ptr<FilterGraph> graph(new FilterGraph);
  graph->graph_.reset(avfilter_graph_alloc());
  if (graph->graph_ == nullptr) return NoMemory();
  graph->graph_->nb_threads = threads;
  if (threads == 1) graph->graph_->thread_type = 0;
  // For scalers that libavfilter puts in by itself, too.
  graph->graph_->scale_sws_opts = av_strdup("flags=bicubic");
  SPOOL_RETURN_IF_ERROR(graph->Build(like, chain));
  return graph;
}

absl::Status FilterGraph::Build(const AVFrame& like, const std::string& chain) {
  const bool is_video = like.width > 0;
  source_ = avfilter_graph_alloc_filter(graph_.get(), avfilter_get_by_name(is_video ? "buffer" : "abuffer"), "in");
  sink_ =
      avfilter_graph_alloc_filter(graph_.get(), avfilter_get_by_name(is_video ? "buffersink" : "abuffersink"), "out");
  if (source_ == nullptr || sink_ == nullptr) return NoMemory();
  SPOOL_RETURN_IF_ERROR(SetSource(source_, like));
  if (int rc = avfilter_init_str(source_, nullptr); rc < 0) return AvError(rc, "start a filter source");
  if (int rc = avfilter_init_str(sink_, nullptr); rc < 0) return AvError(rc, "start a filter sink");

  // Named from the chain's point of view: what the chain calls "in" is the source's output.
  FilterInOutPtr from_source(avfilter_inout_alloc());
  FilterInOutPtr to_sink(avfilter_inout_alloc());
  if (from_source == nullptr || to_sink == nullptr) return NoMemory();
  from_source->name = av_strdup("in");
  from_source->filter_ctx = source_;
  to_sink->name = av_strdup("out");
  to_sink->filter_ctx = sink_;
  AVFilterInOut* inputs = to_sink.release();
  AVFilterInOut* outputs = from_source.release();
  const int rc = avfilter_graph_parse_ptr(graph_.get(), chain.c_str(), &inputs, &outputs, nullptr);
  // The parser hands back what it left open.
  to_sink.reset(inputs);
  from_source.reset(outputs);
  if (rc < 0) return AvError(rc, absl::StrCat("build the filters ", chain));
  if (int made = avfilter_graph_config(graph_.get(), nullptr); made < 0) {
    return AvError(made, absl::StrCat("connect the filters ", chain));
  }
  return absl::OkStatus();
}

absl::Status FilterGraph::Push(FramePtr frame) {
  const int rc = av_buffersrc_add_frame_flags(source_, frame.get(), AV_BUFFERSRC_FLAG_PUSH);
  return rc < 0 ? AvError(rc, "filter a frame") : absl::OkStatus();
}

absl::StatusOr<FramePtr> FilterGraph::Pull() {
  FramePtr frame(av_frame_alloc());
  if (frame == nullptr) return NoMemory();
  const int rc = av_buffersink_get_frame(sink_, frame.get());
  if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) return FramePtr();
  if (rc < 0) return AvError(rc, "take a filtered frame");
  frame->time_base = av_buffersink_get_time_base(sink_);
  return frame;
}

}  // namespace spool::av

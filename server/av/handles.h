// One owner for each libav type that is made and freed by plain calls. Wrap at the allocation, in the same statement.

#ifndef SPOOL_SERVER_AV_HANDLES_H_
#define SPOOL_SERVER_AV_HANDLES_H_

#include <memory>
#include <string>

#include "server/av/libav.h"

namespace spool::av {

// libav frees in two styles: given the pointer, or given the pointer's address.
template <auto Fn>
struct FreeByAddress {
  template <class T>
  void operator()(T* p) const {
    Fn(&p);
  }
};
template <auto Fn>
struct FreeByValue {
  template <class T>
  void operator()(T* p) const {
    Fn(p);
  }
};

using PacketPtr = std::unique_ptr<AVPacket, FreeByAddress<&av_packet_free>>;
using FramePtr = std::unique_ptr<AVFrame, FreeByAddress<&av_frame_free>>;
using CodecContextPtr = std::unique_ptr<AVCodecContext, FreeByAddress<&avcodec_free_context>>;
using CodecParametersPtr = std::unique_ptr<AVCodecParameters, FreeByAddress<&avcodec_parameters_free>>;
using FilterGraphPtr = std::unique_ptr<AVFilterGraph, FreeByAddress<&avfilter_graph_free>>;
using FilterInOutPtr = std::unique_ptr<AVFilterInOut, FreeByAddress<&avfilter_inout_free>>;
using AudioFifoPtr = std::unique_ptr<AVAudioFifo, FreeByValue<&av_audio_fifo_free>>;

// Options handed to a libav call, which takes what it knows out of it.
class Dictionary {
 public:
  Dictionary() = default;
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;
  ~Dictionary() { av_dict_free(&dict_); }

  void Set(const char* key, const std::string& value) { av_dict_set(&dict_, key, value.c_str(), 0); }
  // Onto what the key has, or as its value.
  void Append(const char* key, const std::string& value) { av_dict_set(&dict_, key, value.c_str(), AV_DICT_APPEND); }
  AVDictionary** address() { return &dict_; }
  // An option that no one took, or null.
  const AVDictionaryEntry* first() const { return av_dict_get(dict_, "", nullptr, AV_DICT_IGNORE_SUFFIX); }

 private:
  AVDictionary* dict_ = nullptr;
};

}  // namespace spool::av

#endif  // SPOOL_SERVER_AV_HANDLES_H_

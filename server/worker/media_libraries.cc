#include "server/worker/media_libraries.h"

#include "server/av/allowed.h"
#include "server/av/handles.h"
#include "server/av/libav.h"

namespace spool::worker {

namespace {

// Whether it opens does not matter: what is kept is made before anything can fail.
void OpenOnce(const AVCodec* codec) {
  const av::CodecContextPtr context(codec != nullptr ? avcodec_alloc_context3(codec) : nullptr);
  if (context == nullptr) return;
  context->thread_count = 1;
  context->width = context->height = 16;
  context->pix_fmt = AV_PIX_FMT_YUVJ420P;
  context->sample_rate = 48000;
  context->sample_fmt = AV_SAMPLE_FMT_FLTP;
  context->ch_layout = AV_CHANNEL_LAYOUT_STEREO;
  context->time_base = {1, 48000};
  context->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;
  avcodec_open2(context.get(), codec, nullptr);
}

}  // namespace

std::string MediaLibrariesVersion() { return av_version_info(); }

void WarmUpMediaLibraries() {
  // Encoders that are closed without a frame complain.
  const int level = av_log_get_level();
  av_log_set_level(AV_LOG_QUIET);
  // Walking the lists registers every component and fills the allow-lists.
  void* position = nullptr;
  while (av_demuxer_iterate(&position) != nullptr) {
  }
  av::FindDecoder(AV_CODEC_ID_H264);
  av::AllowedDemuxers();
  // What the CPU can do is found out once and kept.
  av_get_cpu_flags();
  // So are the codecs' tables, at the first opening of each: 10 ms for H.264 and AAC. Only those of FFmpeg's own, which
  // with one thread start none.
  for (const AVCodecID id : {AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_VP8, AV_CODEC_ID_VP9, AV_CODEC_ID_MJPEG,
                             AV_CODEC_ID_PNG, AV_CODEC_ID_AAC, AV_CODEC_ID_MP3, AV_CODEC_ID_MPEG4}) {
    OpenOnce(avcodec_find_decoder(id));
  }
  OpenOnce(avcodec_find_encoder(AV_CODEC_ID_MJPEG));
  OpenOnce(avcodec_find_encoder(AV_CODEC_ID_AAC));
  av_log_set_level(level);
}

}  // namespace spool::worker
